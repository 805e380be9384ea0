package pipeline

import (
	"errors"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
	"github.com/qianshao/qianshao/internal/turns"
)

func TestTheBrowserReadsAnUndeclaredCharset(t *testing.T) {
	body, err := simplifiedchinese.GBK.NewEncoder().String(`<title>青禾市第二中医院门诊安排</title><p>本院专家门诊时间如下，请提前预约。</p><p id=p></p><script>p.textContent = "[" + document.title + "]"</script>`)
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := fetch.New(fetch.Options{
		UserAgent: "test (test; +https://test.example/)",
		Permit: func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) {
			return nil, qianshao.SkipNotAuthorised
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fetcher.Close)
	browser, err := render.New(render.Options{Fetcher: fetcher, NoSandbox: os.Geteuid() == 0})
	if errors.Is(err, render.ErrNoBrowser) {
		t.Skip("skipped: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(browser.Close)
	p := &Pipeline{Options: Options{
		Browser: browser, Scope: func() *ingest.Scope { return &ingest.Scope{} }, Metrics: metrics.New(), Log: slog.New(slog.DiscardHandler),
	}, turns: turns.New(maxWorked, largePage)}
	page := qianshao.Page{URL: "http://clinic.example/", ContentType: "text/html", Body: []byte(body), FetchedAt: time.Now()}
	rendered, err := p.render(t.Context(), analyze.NewExtraction(page), &followUp{})
	if err != nil || rendered == nil || !strings.Contains(string(rendered.Page.Body), "[青禾市第二中医院门诊安排]") {
		t.Errorf("%v, %+v", err, rendered)
	}
}
