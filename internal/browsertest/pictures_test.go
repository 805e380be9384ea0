package browsertest

import (
	"bufio"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// picturesFolder names the folder into which TestPictures writes, as "make pictures" does.
const picturesFolder = "QIANSHAO_PICTURES"

// readmePictures are the pictures of the README and of docs/operations.md, in Chinese and in the light
// scheme.
var readmePictures = []struct {
	name string
	// path is opened. If it shows a list, click leads to the picture's subject. shown is an element
	// of the subject.
	path, click, shown string
}{
	{"queue", "/?sort=members", ".waiting a", panel},
	{"campaign", "/?sort=members", `.stands a[data-key="c"]`, "main.campaign, main .campaign"},
	{"finding", "/search?q=" + url.QueryEscape("url:http://clinic.example/doctors.html"), `main a[href^="/findings/"]`, panel},
	{"search", "/search?q=" + url.QueryEscape("category:gambling"), "", ".facets"},
}

// TestPictures takes the README's pictures of the demo again.
func TestPictures(t *testing.T) {
	folder := os.Getenv(picturesFolder)
	if folder == "" {
		t.Skip("skipped: writes the README's pictures; run make pictures")
	}
	browser := newBrowser(t)
	link, err := url.Parse(demo(t))
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, browser, "http://"+link.Host+"/", "demo")
	b.open(link.RequestURI() + "&lang=zh")
	b.wait(leaves)
	for _, p := range readmePictures {
		b.open(p.path)
		if p.click != "" {
			b.click(p.click)
		}
		b.wait(p.shown)
		if err := b.save(filepath.Join(folder, p.name+".png")); err != nil {
			t.Error(err)
		}
	}
	b.pictureAlert(folder)
}

// pictureAlert takes the picture of an alert's form with its fields filled in.
func (b *tab) pictureAlert(folder string) {
	b.t.Helper()
	b.send("/views", map[string]string{"name": "赌博与诈骗，高以上", "q": "category:gambling,fraud level:>=high", "next": "/"})
	b.send("/notices/channels/new?kind=dingtalk", map[string]string{"name": "值班群", "language": "zh", "address": "https://oapi.dingtalk.com/robot/send?access_token=x", "secret": "SECx"})
	b.open("/notices/alerts/new")
	for _, name := range []string{"view", "channel"} {
		value, _ := js[string](b, `document.querySelector('select[name="`+name+`"] option:nth-of-type(2)').value`)
		b.choose(name, value)
	}
	b.fill("#name", "夜班")
	b.choose("event", "relapsed")
	js[bool](b, `document.querySelector("#from").value = "22:00", document.querySelector("#to").value = "07:30", true`)
	if err := b.save(filepath.Join(folder, "notices.png")); err != nil {
		b.t.Error(err)
	}
}

// demo runs qianshao demo and returns the link that it prints.
func demo(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "qianshao")
	if output, err := exec.Command("go", "build", "-o", program, "../../cmd/qianshao").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	command := exec.Command(program, "demo", "--listen", "127.0.0.1:0")
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Error(err)
		}
	})
	stop := time.AfterFunc(2*time.Minute, func() { _ = command.Process.Kill() })
	defer stop.Stop()
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http://127.0.0.1:") {
			return line
		}
	}
	t.Fatal("the demo prints no link")
	return ""
}
