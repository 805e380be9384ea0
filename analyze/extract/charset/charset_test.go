package charset

import (
	"bytes"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// evalDir returns a folder of labelled real pages. They lie beside the module's root on the
// maintainers' machines and are not part of the project.
func evalDir(t testing.TB, name string) string {
	dir := filepath.Join("..", "..", "..", "..", "shared", "eval", name)
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
		{"short GBK declared UTF-8", gb("<p>免费申请</p>"), "text/html; charset=utf-8", "gb18030", "header corrected", "免费申请"},
		{"short GBK declared latin1", gb("<p>免费申请</p>"), "text/html; charset=iso-8859-1", "gb18030", "header corrected", "免费申请"},
		{"short undeclared Big5", big5("<p>登入會員</p>"), "", "big5", "detected", "登入會員"},
		{"short Big5 declared UTF-8", big5("<p>登入會員</p>"), "text/html; charset=utf-8", "big5", "header corrected", "登入會員"},
		{"French as declared", []byte("\xe9l\xe8ve, m\xe8re, d\xe9j\xe0"), "text/html; charset=iso-8859-1", "windows-1252", "header", "élève, mère, déjà"},
		{"German as declared", []byte("Gr\xfc\xdfe aus K\xf6ln, \xdcbung"), "text/html; charset=windows-1252", "windows-1252", "header", "Grüße aus Köln, Übung"},
		{"Russian as declared", []byte("\xcf\xf0\xe8\xe2\xe5\xf2"), "text/html; charset=windows-1251", "windows-1251", "header", "Привет"},
		{"broken UTF-8 stays UTF-8", []byte("<p>彩\xe7\xa5</p><p>\xe7\xa5"), "text/html; charset=utf-8", "utf-8", "header", "彩\uFFFD</p>"},
		{"user-defined characters", []byte("\xc8\xab\xaa\xa5\xce\xc4\xfe\xfe\xa1\x40\xa7\xa0"), "text/html; charset=gb2312", "gb18030", "header", "全\uE004文\uE4C5\uE4C6\uE765"},
		{"UTF-16 of little markup", utf16(unicode.LittleEndian, unicode.IgnoreBOM, "<p>"+strings.Repeat(text, 20)), "", "utf-16le", "detected", text},
		{"ASCII declared UTF-16", []byte("<p>hello"), "text/html; charset=utf-16", "utf-8", "header corrected", "hello"},
		{"UTF-8 declared UTF-16", []byte("<p>" + text), "text/html; charset=utf-16le", "utf-8", "header corrected", text},
		{"plain ASCII", []byte("<p>hello"), "", "utf-8", "default", "hello"},
		{"unknown label", []byte(text), "text/html; charset=klingon", "utf-8", "detected", text},
		{"UTF-8 that its site broke", []byte("<meta charset=utf-8>" + text + "\uFFFD\uFFFD\u01F1\uFFFD"), "", "utf-8", "meta", text + "\uFFFD\uFFFD\u01F1\uFFFD"},
		{"GB18030 that its site broke", append([]byte("<meta charset=gbk>"), gb(text+"\uFFFD彩")...), "", "gb18030", "meta", text + "\uFFFD彩"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decode(tt.body, tt.contentType)
			if d.Name != tt.charset || d.From != tt.from {
				t.Errorf("charset %s from %s, want %s from %s", d.Name, d.From, tt.charset, tt.from)
			}
			if !strings.Contains(d.Text, tt.contains) {
				t.Errorf("decoded %q, want it to contain %q", d.Text, tt.contains)
			}
			wrong := strings.HasSuffix(tt.from, "corrected")
			if got := len(d.Notes) > 0 && d.Notes[len(d.Notes)-1] == qianshao.NoteWrongCharset; got != wrong {
				t.Errorf("notes %v, want wrong charset: %v", d.Notes, wrong)
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
		if d := Decode([]byte(body), "text/html"); d.Text != "" || len(d.Notes) != 1 || d.Notes[0] != qianshao.NoteBinary {
			t.Errorf("%s: %d bytes of text, notes %v; want none, binary", name, len(d.Text), d.Notes)
		}
	}
	if d := Decode(nil, ""); len(d.Notes) != 1 || d.Notes[0] != qianshao.NoteEmpty {
		t.Errorf("empty: notes %v", d.Notes)
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
			d := Decode(body, "")
			if d.Name != want {
				t.Errorf("%s/%s: %s (%s), want %s", folder, filepath.Base(file), d.Name, d.From, want)
			}
			if strings.Contains(d.Text, "\uFFFD") {
				t.Errorf("%s/%s: replacement characters", folder, filepath.Base(file))
			}
			bare := strings.NewReplacer("encoding=", "xncoding=", "charset=", "xharset=").Replace(string(body))
			if d := Decode([]byte(bare), ""); d.Name != want {
				t.Errorf("%s/%s undeclared: %s (%s), want %s", folder, filepath.Base(file), d.Name, d.From, want)
			}
		}
	}
}

// TestRealPages: a real page decodes without replacement characters, except those that come from
// the site itself, and the page of an article decodes to a text with all characters of the article.
func TestRealPages(t *testing.T) {
	pages := 0
	err := filepath.WalkDir(evalDir(t, "pages"), func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains([]string{".txt", ".tsv", ".gz"}, filepath.Ext(file)) {
			return err
		}
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pages++
		d := Decode(body, "")
		if got, want := strings.Count(d.Text, "\uFFFD"), brokenBySite(body, d.Name); got != want {
			t.Errorf("%s as %s (%s): %d replacement characters, the site has broken %d", filepath.Base(file), d.Name, d.From, got, want)
		}
		if article, err := os.ReadFile(strings.TrimSuffix(file, ".html") + ".txt"); err == nil {
			checkArticle(t, filepath.Base(file), html.UnescapeString(d.Text), string(article))
		}
		return nil
	})
	if err != nil || pages == 0 {
		t.Errorf("%d pages, %v", pages, err)
	}
	t.Logf("%d pages", pages)
}

// brokenBySite counts the characters that the site itself broke before it sent the page:
// replacement characters already in the page, because a program there read GBK as UTF-8, and
// characters of GB18030 that were cut in half.
func brokenBySite(body []byte, name string) int {
	switch name {
	case utf8Name:
		return bytes.Count(body, []byte("\xEF\xBF\xBD"))
	case gbName:
		return bytes.Count(body, []byte("\x84\x31\xA4\x37")) + halfCharacters(body)
	}
	return 0
}

// halfCharacters counts the lead bytes of GB18030 that are not followed by a trail byte.
func halfCharacters(body []byte) (n int) {
	for i := 0; i < len(body); i++ {
		if body[i] <= 0x80 {
			continue
		}
		if i++; i == len(body) || body[i] < '0' || body[i] > '9' && body[i] < 0x40 || body[i] == 0x7F || body[i] == 0xFF {
			n++
			i--
		}
	}
	return n
}

func checkArticle(t *testing.T, name, text, article string) {
	t.Helper()
	missing := 0
	for _, r := range article {
		if r >= 0x2E80 && !strings.ContainsRune(text, r) {
			missing++
		}
	}
	// The labelled article may have words where the page has a picture or a character of a special
	// font.
	if missing*1000 > len([]rune(article)) {
		t.Errorf("%s: %d of %d characters of the article are not there", name, missing, len([]rune(article)))
	}
}

// FuzzDecode: the text is UTF-8, a note says so if some of the body was lost, and a body that is
// already UTF-8 stays the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("<meta charset=gb2312>\xc8\xab\xaa\xa5\xce\xc4\xa1\x40"), "")
	f.Add([]byte("\xa4\xa4\xa4\xe5"), "text/html; charset=big5")
	f.Add([]byte("\xff\xfe-N\x87e"), "text/html; charset=utf-16")
	f.Add([]byte("\x84\x31\x95\x33\x81\x30\x81\x30"), "")
	f.Add([]byte("a\x00b\x00\xd8\x00"), "")
	f.Add([]byte("中文\xe4"), "text/html; charset=gbk")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		d := Decode(body, contentType)
		if !utf8.ValidString(d.Text) {
			t.Errorf("%s (%s): text is no UTF-8", d.Name, d.From)
		}
		lost := strings.Contains(d.Text, "\uFFFD") && !bytes.Contains(body, []byte("\uFFFD"))
		if lost && d.Name != utf16LEName && d.Name != utf16BEName && !slices.Contains(d.Notes, qianshao.NoteBadBytes) {
			t.Errorf("%s (%s): replacement characters without a note", d.Name, d.From)
		}
		if unread := d.Text == "" && len(body) > 0; unread && !slices.Equal(d.Notes, []qianshao.Note{qianshao.NoteBinary}) && d.From != "bom" {
			t.Errorf("%s (%s): no text of %d bytes, notes %v", d.Name, d.From, len(body), d.Notes)
		} else if !unread && d.Name == utf8Name && d.From != "bom" && utf8.Valid(body) && d.Text != string(body) {
			t.Errorf("%s (%s): %q became %q", d.Name, d.From, body, d.Text)
		}
		size := 0
		for i := 0; i < len(body); i += size {
			if size = gbSize(body[i:]); size < 1 || i+size > len(body) {
				t.Fatalf("character of %d bytes at %d of %d", size, i, len(body))
			}
		}
	})
}
