package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// evalDir returns a folder of the labelled real pages, which stand beside the
// module's root on the maintainers' machines and are no part of the project.
func evalDir(t testing.TB, name string) string {
	dir := filepath.Join("..", "..", "..", "shared", "eval", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the labelled real pages are not here: %v", err)
	}
	return dir
}

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	const text = "注册送彩金，首存优惠，欢迎您的光临。"
	const traditional = "這個網站的彩金優惠，歡迎您的光臨。"
	gb := func(s string) []byte { return encode(t, simplifiedchinese.GB18030, s) }
	big5 := func(s string) []byte { return encode(t, traditionalchinese.Big5, s) }
	utf16 := func(end unicode.Endianness, bom unicode.BOMPolicy, s string) []byte {
		return encode(t, unicode.UTF16(end, bom), s)
	}
	tests := []struct {
		name        string
		body        []byte
		contentType string
		charset     string
		from        string
		contains    string
	}{
		{"UTF-8 BOM", []byte("\xEF\xBB\xBF" + text), "", "utf-8", "bom", text},
		{"BOM beats header", []byte("\xEF\xBB\xBF" + text), "text/html; charset=gbk", "utf-8", "bom", text},
		{"header", gb(text), "text/html; charset=GBK", "gb18030", "header", text},
		{"meta", append([]byte(`<meta charset="gb2312">`), gb(text)...), "text/html", "gb18030", "meta", text},
		{"http-equiv", append([]byte(`<meta http-equiv="Content-Type" content="text/html; charset=big5">`), big5(traditional)...), "", "big5", "meta", traditional},
		{"xml", append([]byte(`<?xml version="1.0" encoding="GB2312"?>`), gb(text)...), "", "gb18030", "xml", text},
		{"undeclared UTF-8", []byte(text), "", "utf-8", "detected", text},
		{"undeclared GBK", gb(text), "", "gb18030", "detected", text},
		{"undeclared GBK, behind ASCII", append([]byte(strings.Repeat("<p>abc</p>", 2000)), gb(text)...), "", "gb18030", "detected", text},
		{"undeclared short GBK", gb("<p>彩票博彩</p>"), "", "gb18030", "detected", "彩票博彩"},
		{"undeclared Big5", big5(traditional), "", "big5", "detected", traditional},
		{"undeclared French", []byte("caf\xe9 \xe9l\xe8ve, d\xe9j\xe0 vu"), "", "windows-1252", "detected", "café élève, déjà vu"},
		{"UTF-8 declared gb2312", []byte(`<meta charset=gb2312>` + text), "", "utf-8", "meta corrected", text},
		{"GBK declared UTF-8", append([]byte(`<meta charset="utf-8">`), gb(text)...), "", "gb18030", "meta corrected", text},
		{"GBK declared latin1", gb(text), "text/html; charset=iso-8859-1", "gb18030", "header corrected", text},
		{"GBK declared Big5", gb(text), "text/html; charset=big5", "gb18030", "header corrected", text},
		{"GBK that is valid UTF-8", gb("联通"), "text/html; charset=gbk", "gb18030", "header", "联通"},
		{"four bytes of GB18030", gb("的𠀀㐀，的是"), "text/html; charset=gb2312", "gb18030", "header", "𠀀㐀"},
		{"Hong Kong characters", []byte{0xB1, 0x61, 0xB7, 0x42, 0x88, 0x62}, "text/html; charset=big5-hkscs", "big5", "header", "\u00CA\u0304"},
		{"UTF-16LE BOM", utf16(unicode.LittleEndian, unicode.UseBOM, "<p>"+text), "", "utf-16le", "bom", text},
		{"UTF-16BE BOM", utf16(unicode.BigEndian, unicode.UseBOM, "<p>"+text), "", "utf-16be", "bom", text},
		{"UTF-16LE without", utf16(unicode.LittleEndian, unicode.IgnoreBOM, "<html><body><p>"+text+"</p></body></html>"), "", "utf-16le", "detected", text},
		{"Japanese", []byte{0x83, 0x65, 0x83, 0x58, 0x83, 0x67}, "text/html; charset=shift_jis", "shift_jis", "header", "テスト"},
		{"plain ASCII", []byte("<p>hello"), "", "utf-8", "default", "hello"},
		{"unknown label", []byte(text), "text/html; charset=klingon", "utf-8", "detected", text},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decode(tt.body, tt.contentType)
			if d.name != tt.charset || d.from != tt.from {
				t.Errorf("charset %s from %s, want %s from %s", d.name, d.from, tt.charset, tt.from)
			}
			if !strings.Contains(d.text, tt.contains) {
				t.Errorf("decoded %q, want it to contain %q", d.text, tt.contains)
			}
			wrong := strings.HasSuffix(tt.from, "corrected")
			if got := len(d.notes) > 0 && d.notes[len(d.notes)-1] == qianshao.NoteWrongCharset; got != wrong {
				t.Errorf("notes %v, want wrong charset: %v", d.notes, wrong)
			}
		})
	}
}

func TestDecodeBinaryAndEmpty(t *testing.T) {
	for name, body := range map[string]string{
		"png":      "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"zip":      "PK\x03\x04\x14\x00\x00\x00",
		"controls": strings.Repeat("\x01\x02\x03abc\xff", 200),
	} {
		if d := decode([]byte(body), "text/html"); d.text != "" || len(d.notes) != 1 || d.notes[0] != qianshao.NoteBinary {
			t.Errorf("%s: %d bytes of text, notes %v; want none, binary", name, len(d.text), d.notes)
		}
	}
	if d := decode(nil, ""); len(d.notes) != 1 || d.notes[0] != qianshao.NoteEmpty {
		t.Errorf("empty: notes %v", d.notes)
	}
}

// TestRealCharsets decodes real pages, each as declared and with its
// declarations destroyed, since a server may send no header at all.
func TestRealCharsets(t *testing.T) {
	dir := evalDir(t, "charset")
	for folder, want := range map[string]string{"GB2312": "gb18030", "Big5": "big5"} {
		files, _ := filepath.Glob(filepath.Join(dir, folder, "*"))
		if len(files) == 0 {
			t.Fatalf("no pages in %s", folder)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := decode(body, ""); d.name != want {
				t.Errorf("%s/%s: %s (%s), want %s", folder, filepath.Base(file), d.name, d.from, want)
			}
			bare := strings.NewReplacer("encoding=", "xncoding=", "charset=", "xharset=").Replace(string(body))
			if d := decode([]byte(bare), ""); d.name != want {
				t.Errorf("%s/%s undeclared: %s (%s), want %s", folder, filepath.Base(file), d.name, d.from, want)
			}
		}
	}
}

// TestRealPages checks that each real article decodes to text that contains
// the article as its curators saved it.
func TestRealPages(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(evalDir(t, "pages"), "articles", "*.html"))
	if len(files) == 0 {
		t.Fatal("no articles")
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		article, err := os.ReadFile(strings.TrimSuffix(file, ".html") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		d := decode(body, "")
		seen, all := 0, 0
		for _, r := range string(article) {
			if r >= 0x4E00 {
				all++
				if strings.ContainsRune(d.text, r) {
					seen++
				}
			}
		}
		if seen*100 < all*97 {
			t.Errorf("%s as %s (%s): only %d of %d characters of the article are there", filepath.Base(file), d.name, d.from, seen, all)
		}
	}
}
