package input

import (
	"bytes"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
)

// Unread names the kind of a file that cannot be read as a page: a PDF, an Office document, an archive,
// a picture, media, a font or a program. It returns "" for text, or an unknown kind.
func Unread(body []byte) qianshao.Unread {
	head := bytes.TrimLeft(bytes.TrimPrefix(body[:min(len(body), 1024)], []byte("\xEF\xBB\xBF")), " \t\r\n")
	starts := func(signatures ...string) bool {
		return slices.ContainsFunc(signatures, func(s string) bool { return bytes.HasPrefix(head, []byte(s)) })
	}
	switch {
	case starts("%PDF-"):
		return qianshao.UnreadPDF
	case starts("\xD0\xCF\x11\xE0", `{\rtf`), starts("PK\x03\x04") && isOffice(head):
		return qianshao.UnreadOffice
	case starts("PK\x03\x04", "PK\x05\x06", "\x1F\x8B", "Rar!\x1A\x07", "7z\xBC\xAF\x27\x1C", "\xFD7zXZ\x00", "\x28\xB5\x2F\xFD"),
		starts("BZh") && at(head, 4, "1AY&SY"), at(head, 257, "ustar"):
		return qianshao.UnreadArchive
	case starts("\x89PNG\r\n", "GIF87a", "GIF89a", "\xFF\xD8\xFF", "\x00\x00\x01\x00", "II*\x00", "MM\x00*"),
		starts("RIFF") && at(head, 8, "WEBP"), starts("BM") && at(head, 6, "\x00\x00\x00\x00"), at(head, 4, "ftypheic"), at(head, 4, "ftypavif"):
		return qianshao.UnreadPicture
	case starts("RIFF", "OggS", "fLaC", "ID3", "\x1A\x45\xDF\xA3"), at(head, 4, "ftyp"):
		return qianshao.UnreadMedia
	case starts("wOFF", "wOF2", "OTTO\x00", "\x00\x01\x00\x00\x00"):
		return qianshao.UnreadFont
	case starts("\x7FELF", "MZ\x90"):
		return qianshao.UnreadProgram
	}
	return ""
}

// at says whether a signature is found at an offset.
func at(head []byte, offset int, signature string) bool {
	return len(head) >= offset && bytes.HasPrefix(head[offset:], []byte(signature))
}

// isOffice says whether a zip is a document: Office Open XML names one of these
// parts first, OpenDocument its media type.
func isOffice(head []byte) bool {
	const fixed = 30 // bytes of a zip entry before its name
	if len(head) < fixed {
		return false
	}
	first := string(head[fixed:])
	return slices.ContainsFunc([]string{
		"[Content_Types].xml", "_rels/", "docProps/", "word/", "xl/", "ppt/", "mimetypeapplication/vnd.oasis.opendocument",
	}, func(name string) bool { return strings.HasPrefix(first, name) })
}
