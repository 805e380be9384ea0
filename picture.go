package qianshao

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Picture is a picture that a page shows, with what was read in it.
type Picture struct {
	// URL is its absolute URL, a data URI, or PictureScreenshot.
	URL string
	// ContentType is the Content-Type as declared; may be empty or wrong.
	ContentType string
	// Body is the picture as it was sent; nil if the page's own source or Screenshot has it.
	Body []byte
	// Codes are the texts of its QR codes, sorted.
	Codes []string
	// Text is what was recognised in it, line by line; a machine's reading, with mistakes.
	Text string
}

// PictureScreenshot stands for Page.Screenshot.
const PictureScreenshot = "screenshot"

// Names of the regions that were read in a picture.
const (
	NamePicture = "picture" // recognised text
	NameQRCode  = "qr-code" // the text of a QR code
)

// Place returns what names the picture in evidence: its URL, of a data URI a hash.
func (p *Picture) Place() string {
	if data, ok := strings.CutPrefix(p.URL, "data:"); ok {
		sum := sha256.Sum256([]byte(data))
		return "data:" + hex.EncodeToString(sum[:8])
	}
	return p.URL
}
