package ingesttest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// Costly is an input that is made to take far more memory or time than its size suggests.
type Costly struct {
	// Name says what the input consists of.
	Name string
	// Ending is the suffix of a file with it: "html", "warc", "warc.gz", "jsonl", "txt".
	Ending string
	// write writes an input of about size bytes.
	write func(w io.Writer, size int)
}

// Write writes an input of about size bytes. In an archive, the pages have that size.
func (c Costly) Write(w io.Writer, size int) error {
	out := bufio.NewWriterSize(w, 64<<10)
	c.write(out, size)
	return out.Flush()
}

// CostlyPages are pages that repeat one costly construct.
func CostlyPages() []Costly {
	var pages []Costly
	for _, kinds := range [][]Costly{costlyTexts(), costlyMarkup(), costlyStyles(), costlyScripts(), costlyBytes()} {
		pages = append(pages, kinds...)
	}
	return pages
}

// repeated is a page with a beginning, one unit repeated, and an end.
func repeated(name, begin, unit, end string) Costly {
	return Costly{name, "html", func(w io.Writer, size int) {
		_, _ = io.WriteString(w, begin)
		repeat(w, unit, size)
		_, _ = io.WriteString(w, end)
	}}
}

// numbered is a page of repeated units with a number in each.
func numbered(name, begin, format, end string) Costly {
	return Costly{name, "html", func(w io.Writer, size int) {
		_, _ = io.WriteString(w, begin)
		for i, n := 0, 0; n < size; i++ {
			more, _ := fmt.Fprintf(w, format, i)
			n += more
		}
		_, _ = io.WriteString(w, end)
	}}
}

// repeat writes a unit until there are size bytes.
func repeat(w io.Writer, unit string, size int) {
	for n := 0; n+len(unit) <= size; n += len(unit) {
		_, _ = io.WriteString(w, unit)
	}
}

func costlyTexts() []Costly {
	text := func(name, unit string) Costly { return repeated(name, "<p>", unit, "") }
	return []Costly{
		text("one letter", "w"),
		text("one character", "牌"),
		text("one digit", "8"),
		text("letters with blanks", "w "),
		text("numbers", "13800138001 "),
		text("resident IDs", "110101194912310024 "),
		text("a phrase of casinos", "澳门线上赌场官网开户注册送彩金真人百家乐"),
		text("contacts", "加微信 wx13800138000 QQ 12345678 电话13912345678 "),
		text("needles", "送88加微"),
		text("overlapping terms", "博彩彩票票网投投注注册册"),
		text("domains", "www.a1.example.com/x "),
		text("addresses", "TXYZabcdefghijkLmnopqrstuvwxyz1234 0x52908400098527886E0F7030069857D2E4169EE7 "),
		text("zero widths", "\u200b"),
		text("zero widths between letters", "博\u200b彩\u200d"),
		text("combining marks", "a\u0301\u0302\u0303"),
		text("ligatures", "\ufdfa"),
		text("enclosed characters", "㊙①⒈🄰"),
		text("emoji", "🐂🎰"),
		text("fullwidth forms", "ＷＸ１２３"),
		text("traditional characters", "賭場遊戲開戶"),
		text("words inside words", "参与爱情和平台湾仔细心"),
		text("turned text", "<p>\u202e乐家百"),
		text("bidi controls", "\u202e\u202d\u2067a\u2069\u202c"),
		text("nested bidi controls", "\u202ea"),
		text("separators", "博.-|彩 "),
		repeated("one reference", "<p>&#", "0", "65;"),
		text("references", "&#65;"),
		text("references with zeros", "&#0000000065;"),
		text("hexadecimal references", "&#x535A;&#x5F69;"),
		text("named references", "&amp;&lt;&CounterClockwiseContourIntegral;"),
		text("unknown references", "&abcdefghijklmnopqrstuvwxyzabcdefg"),
		text("blanks", " \n\t"),
		text("half characters", "\xe7\x89"),
		{"paragraphs of plain text", "txt", func(w io.Writer, size int) { repeat(w, "博彩\n\n", size) }},
		{"lines of plain text", "txt", func(w io.Writer, size int) { repeat(w, "博\n", size) }},
		{"one line of plain text", "txt", func(w io.Writer, size int) { repeat(w, "w", size) }},
	}
}

func costlyMarkup() []Costly {
	return []Costly{
		repeated("nested elements", "", "<b>", ""),
		repeated("nested blocks", "", "<div>博", ""),
		repeated("nested tables", "", "<table><tr><td>x", ""),
		repeated("misnested elements", "", "<b><i><div>x</b></i>", ""),
		repeated("paragraphs", "", "<p>博", ""),
		repeated("paragraphs with attributes", "", "<p id=a class='b c d'>博", ""),
		repeated("end tags", "<div><div><div>", "</p>", ""),
		numbered("custom elements", "", "<x-%d>博", ""),
		numbered("attributes of one element", "<p ", "a%d=b ", ">x"),
		repeated("attributes without values", "<p ", "a ", ">x"),
		repeated("attributes of many elements", "", "<p a=b c=d e=f g=h i=j k=l>x", ""),
		repeated("attributes that are text", "", "<i title=x alt=y label=z>", ""),
		repeated("one long attribute", "<p title='", "博", "'>x"),
		repeated("references in attributes", "<p title='", "&#65;", "'>x"),
		repeated("one long name", "<p ", "a", "=x>"),
		repeated("one long tag", "<", "a", ">x"),
		repeated("long ids", "", "<div id="+strings.Repeat("i", 4000)+"><p>博<p>彩</div>", ""),
		repeated("hidden regions", "", "<i hidden>博</i><p style='display:none'>彩", ""),
		repeated("hidden and visible", "<p>", "<i hidden>x</i>博", ""),
		repeated("links", "", "<a href=x>博彩</a>", ""),
		numbered("different links", "", "<a href=/%d>博</a>", ""),
		repeated("links on a long base", "<base href='http://a.example/"+strings.Repeat("b", 4000)+"/'>", "<a href=x>y</a>", ""),
		repeated("long links", "", "<a href='"+strings.Repeat("x", 4000)+"'>y</a>", ""),
		repeated("nested links", "", "<a href=x>博彩", ""),
		repeated("one long anchor", "<a href=x>", "博<p>", ""),
		repeated("one long URL", "<a href='", "x", "'>y</a>"),
		repeated("pictures", "", "<img src=x alt=博>", ""),
		repeated("forms", "", "<form action=x><input name=a value=博></form>", ""),
		repeated("inputs", "<form>", "<input value=x placeholder=博>", ""),
		repeated("options", "<select>", "<option value=x>博", ""),
		repeated("frames", "", "<iframe src=x srcdoc='<p>博'></iframe>", ""),
		repeated("line breaks", "<p>", "博<br>", ""),
		repeated("comments", "", "<!--博-->", ""),
		repeated("one comment", "<!--", "博彩 ", "-->"),
		repeated("titles", "", "<title>博</title>", ""),
		repeated("one title", "<title>", "博彩", "</title>"),
		repeated("references in a title", "<title>", "&#21338;", "</title>"),
		repeated("metas", "", "<meta name=keywords content=博>", ""),
		repeated("metas for robots", "", "<meta name=robots content=noarchive>", ""),
		repeated("less-than signs", "", "<", ""),
		repeated("open brackets of tags", "", "<a", ""),
		repeated("vectors", "<svg>", "<a/><title>博</title>", ""),
		repeated("turned elements", "", "<bdo dir=rtl>乐家百</bdo>", ""),
		repeated("nested turned elements", "", "<bdo dir=rtl>乐<bdo dir=ltr>家", ""),
		repeated("CDATA", "<?xml version='1.0'?><r>", "<![CDATA[博]]>", "</r>"),
		repeated("entries of a feed", "<?xml version='1.0'?><rss><channel>", "<item><link>http://a.example/</link><title>博</title></item>", "</channel></rss>"),
		repeated("data addresses", "", "<img src='data:image/png;base64,AAAA'>", ""),
	}
}

func costlyStyles() []Costly {
	sheet := repeated
	elements := strings.Repeat("<div class='a b c'><i>博</i>", 20_000)
	return []Costly{
		sheet("selectors", "<style>", "div div div p{color:red}", "</style>"+elements),
		numbered("selectors of classes", "<style>", ".a%d .b .c{display:none}", "</style>"+elements),
		sheet("one list of selectors", "<style>", "a b c>d~e,", "f{color:red}</style>"+elements),
		sheet("one long selector", "<style>", "div ", "{color:red}</style>"+elements),
		sheet("pseudo-classes", "<style>", ":not(:nth-child(2n+1)) *{display:none}", "</style>"+elements),
		sheet("nested pseudo-classes", "<style>", ":not(", "</style>"+elements),
		sheet("declarations", "<style>p{", "color:red;left:-9px;", "}</style>"+elements),
		sheet("nested media", "<style>", "@media all{p{color:red}", "</style>"+elements),
		sheet("open braces", "<style>", "a{", "</style>"),
		numbered("variables of style", "<style>:root{", "--v%d:var(--v1) var(--v2);", "}</style>"+elements),
		sheet("style sheets", "", "<style>p{left:0}</style>", elements),
		sheet("style sheets that hide", "", "<style>.a .b{display:none}</style><p>", elements),
		numbered("attributes of style", "", "<p style='left:-%dpx;top:0;color:#fff;background:#fff'>博", ""),
		sheet("one attribute of style", "<p style='", "left:-99px;", "'>博"),
		sheet("classes", "<style>.a{left:0}</style><p class='", "a ", "'>博"),
		sheet("universal rules", "<style>", "*{left:-9px}", "</style>"+elements),
		sheet("siblings", "<style>p~p~p~i{display:none}p:nth-child(3n+1){left:-9px}</style>", "<p></p>", ""),
	}
}

func costlyScripts() []Costly {
	script := func(name, begin, unit, end string) Costly {
		return repeated(name, "<script>"+begin, unit, end+"</script>")
	}
	pages := []Costly{
		script("strings", "", "'博彩';", ""),
		script("strings with escapes", "", `'\u535a\u5f69';`, ""),
		script("one string with escapes", "document.write('", `\u535a`, "')"),
		script("joined strings", "x=", "'博'+", "'彩'"),
		script("written joined strings", "document.write(", "'<p>博'+", "'彩')"),
		script("written texts", "", "document.write('<p>博');", ""),
		script("written scripts", "", "document.write('<scr'+'ipt>document.write(1)</scr'+'ipt>');", ""),
		script("arrays", "x=[", "'博',", "].join('')"),
		script("codes of characters", "document.write(String.fromCharCode(", "21338,", "60))"),
		script("percent escapes", "document.write(unescape('", "%u535A", "'))"),
		script("brackets", "", "(", ""),
		script("unescape in unescape", "", "unescape(", ""),
		script("concat in concat", "document.write('a'", ".concat('博'", ")"),
		script("templates", "x=`", "${a}博", "`"),
		script("open quotes", "", "'\n", ""),
		script("slashes", "", "=/[", ""),
		script("ids that are hidden", "", "document.getElementById('a').style.display='none';", ""),
		numbered("different ids that are hidden", "<script>", "document.getElementById('a%d').style.display='none';", "</script>"),
		script("variables", "", "x=document.getElementById('a');", ""),
		script("referrers", "", "document.referrer;'baidu';", ""),
		script("packed scripts", "", "eval(function(p,a,c,k,e,d){}('0 0 0',62,1,'博彩'.split('|')));", ""),
		repeated("scripts", "", "<script>x='博彩'</script>", ""),
		repeated("scripts that write", "", "<script>document.write('<p>博')</script>", ""),
		{"a packed script", "html", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, "<script>eval(function(p,a,c,k,e,d){}('")
			repeat(w, "0 ", size/2)
			_, _ = io.WriteString(w, "',62,1,'")
			repeat(w, "博", size/2)
			_, _ = io.WriteString(w, "'.split('|')))</script>")
		}},
	}
	for _, levels := range []int{1, 2, 3, 6} {
		pages = append(pages, Costly{fmt.Sprintf("Base64, %d deep", levels), "html", func(w io.Writer, size int) {
			nestedBase64(w, size, levels)
		}})
	}
	return pages
}

// nestedBase64 is a script that writes a script that writes a script. Each encoding makes
// the text a third longer.
func nestedBase64(w io.Writer, size, levels int) {
	if levels == 0 {
		repeat(w, "真人百家乐", size)
		return
	}
	_, _ = io.WriteString(w, `<script>document.write(atob("`)
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	nestedBase64(encoder, size*3/4, levels-1)
	_ = encoder.Close()
	_, _ = io.WriteString(w, `"))</script>`)
}

func costlyBytes() []Costly {
	return []Costly{
		repeated("bytes without a charset", "<p>", "\xb0\xa1\x81\x30\xe9\xff", ""),
		repeated("GBK", "<meta charset=gbk><p>", "\xb2\xa9\xb2\xca", ""),
		repeated("GB18030 of four bytes", "<meta charset=gb18030><p>", "\x81\x30\x81\x30", ""),
		repeated("Big5", "<meta charset=big5><p>", "\xbd\xe4\xb3\xf5", ""),
		repeated("ISO-2022-JP", "<meta charset=iso-2022-jp><p>", "\x1b$B0!\x1b(B", ""),
		repeated("Latin letters", "<p>", "\xe9l\xe8ve ", ""),
		repeated("UTF-16", "\xff\xfe<\x00p\x00>\x00", "\x5a\x53", ""),
		repeated("UTF-16 of letters", "\xff\xfe<\x00p\x00>\x00", "w\x00", ""),
		repeated("zeros", "<p>", "\x00", ""),
		repeated("text and zeros", "<p>这里有一些文字，后面全是零。"+strings.Repeat("文字 ", 500), "\x00", ""),
	}
}

// maxCostlyLine is a little less than the longest line that scan reads.
const maxCostlyLine = 15 << 20

// CostlyFiles are inputs of a scan other than pages: archives and lines.
func CostlyFiles() []Costly { return slices.Concat(costlyArchives(), costlyHeaders(), costlyLines()) }

func costlyLines() []Costly {
	return []Costly{
		{"JSON lines: one letter", "jsonl", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, `{"text":"`)
			repeat(w, "w", min(size, maxCostlyLine))
			_, _ = io.WriteString(w, "\"}\n")
		}},
		{"JSON lines: escapes", "jsonl", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, `{"text":"`)
			repeat(w, `\u535a`, min(size, maxCostlyLine))
			_, _ = io.WriteString(w, "\"}\n")
		}},
		{"JSON lines: brackets", "jsonl", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, `{"text":"x","y":`)
			repeat(w, "[", min(size, maxCostlyLine))
			_, _ = io.WriteString(w, "\n")
		}},
		{"JSON lines: many of 8 MB", "jsonl", func(w io.Writer, size int) {
			for range 8 {
				_, _ = io.WriteString(w, `{"html":"<p>`)
				repeat(w, "博彩<p>", min(size, 8<<20))
				_, _ = io.WriteString(w, "\"}\n")
			}
		}},
		{"JSON lines: a line that is too long", "jsonl", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, `{"text":"`)
			repeat(w, "w", max(size, 64<<20))
		}},
	}
}

func costlyArchives() []Costly {
	coded := func(name string, codings string, encode func(io.Writer) io.WriteCloser) Costly {
		return Costly{"WARC: " + name, "warc", func(w io.Writer, size int) {
			var body bytes.Buffer
			z := encode(&body)
			repeat(z, strings.Repeat("\x00", 1<<10), size)
			_ = z.Close()
			response(w, "Content-Encoding: "+codings+"\r\n", body.Bytes())
		}}
	}
	return []Costly{
		coded("a bomb of gzip", "gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
		coded("a bomb of br", "br", func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }),
		coded("a bomb of zstd", "zstd", func(w io.Writer) io.WriteCloser {
			z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
			return z
		}),
		coded("gzip within gzip", "gzip, gzip", func(w io.Writer) io.WriteCloser {
			outer := gzip.NewWriter(w)
			return closers{gzip.NewWriter(outer), outer}
		}),
		{"WARC: gzipped pages of one letter", "warc.gz", func(w io.Writer, size int) {
			for range 8 {
				z := gzip.NewWriter(w)
				response(z, "", []byte("<p>"+strings.Repeat("w", size)))
				_ = z.Close()
			}
		}},
		{"WARC: chunks of one byte", "warc", func(w io.Writer, size int) {
			var body bytes.Buffer
			repeat(&body, "1\r\nw\r\n", size)
			response(w, "Transfer-Encoding: chunked\r\n", body.Bytes())
		}},
	}
}

// costlyHeaders are archives whose records are broken or have headers that are too long.
func costlyHeaders() []Costly {
	return []Costly{
		{"WARC: a header without end", "warc", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, "WARC/1.1\r\nWARC-Type: response\r\n")
			repeat(w, "X-Header: "+strings.Repeat("x", 1000)+"\r\n", size)
		}},
		{"WARC: a line without end", "warc", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, "WARC/1.1\r\nWARC-Type: ")
			repeat(w, "x", size)
		}},
		{"WARC: an HTTP header of long lines", "warc", func(w io.Writer, size int) {
			var header bytes.Buffer
			for range 990 {
				header.WriteString("X: " + strings.Repeat("x", 60<<10) + "\r\n")
			}
			response(w, header.String(), []byte("<p>x"))
		}},
		{"WARC: folded lines", "warc", func(w io.Writer, size int) {
			_, _ = io.WriteString(w, "WARC/1.1\r\nWARC-Type: response\r\n")
			for range 990 {
				_, _ = io.WriteString(w, " "+strings.Repeat("x", 60<<10)+"\r\n")
			}
		}},
		{"WARC: broken records", "warc", func(w io.Writer, size int) { repeat(w, "WARC/1.1\r\n\r\n", size) }},
	}
}

// closers is a writer within another one.
type closers struct {
	io.WriteCloser
	outer io.Closer
}

func (c closers) Close() error {
	_ = c.WriteCloser.Close()
	return c.outer.Close()
}

// response writes a WARC record with an HTTP response.
func response(w io.Writer, header string, body []byte) {
	http := "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n" + header + "\r\n"
	_, _ = fmt.Fprintf(w, "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n"+
		"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n", len(http)+len(body))
	_, _ = io.WriteString(w, http)
	_, _ = w.Write(body)
	_, _ = io.WriteString(w, "\r\n\r\n")
}
