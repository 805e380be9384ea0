package qianshao

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Picture is a picture shown on a page, with what was read in it.
type Picture struct {
	// URL is its absolute URL, a data URI, or PictureScreenshot.
	URL string
	// ContentType is the Content-Type as declared; may be empty or wrong.
	ContentType string
	// Body is the picture as it was sent; nil if it is in the page's own source or in Screenshot.
	Body []byte
	// Codes are the texts of its QR codes, sorted.
	Codes []string
	// Text is what OCR recognised in it, line by line, with mistakes.
	Text string
}

// PictureScreenshot stands for Page.Screenshot.
const PictureScreenshot = "screenshot"

// Names of regions of text in a picture.
const (
	NamePicture = "picture" // recognised text
	NameQRCode  = "qr-code" // the text of a QR code
)

// Place returns the picture's name in evidence: its URL or, for a data URI, a hash.
func (p *Picture) Place() string {
	if data, ok := strings.CutPrefix(p.URL, "data:"); ok {
		sum := sha256.Sum256([]byte(data))
		return "data:" + hex.EncodeToString(sum[:8])
	}
	return p.URL
}
