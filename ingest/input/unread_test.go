package input_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"testing"

	"github.com/qianshao/qianshao/ingest/input"
)

func TestUnread(t *testing.T) {
	zipped := func(name, content string) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var tarred bytes.Buffer
	w := tar.NewWriter(&tarred)
	if err := w.WriteHeader(&tar.Header{Name: "page.html", Mode: 0o600, Format: tar.FormatUSTAR}); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		"%PDF-1.7\n": "pdf", "\r\n%PDF-1.4": "pdf", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1": "office_document", `{\rtf1\ansicpg936`: "office_document",
		zipped("[Content_Types].xml", "<Types/>"): "office_document", zipped("word/document.xml", "x"): "office_document",
		zipped("page.html", "百家乐"): "archive", tarred.String(): "archive", "\x1F\x8B\x08": "archive", "Rar!\x1A\x07\x01\x00": "archive",
		"BZh91AY&SY": "archive", "\x89PNG\r\n\x1A\n": "picture", "\xFF\xD8\xFF\xE0": "picture", "RIFF\x10\x00\x00\x00WEBPVP8 ": "picture",
		"RIFF\x10\x00\x00\x00WAVEfmt ": "media", "\x00\x00\x00\x18ftypmp42": "media", "wOF2": "font", "\x7FELF\x02": "program",
		"": "", "<html>": "", "BZhouse": "", "PNG": "", "BMW 汽车": "", "GIF 动图": "", "%PDF": "", "MZ是一个词": "",
		"\xFF\xFE<\x00h\x00t\x00m\x00l\x00": "", "{\"text\": 1}": "",
	} {
		if got := input.Unread([]byte(body)); string(got) != want {
			t.Errorf("%.20q is %q, want %q", body, got, want)
		}
	}
}
