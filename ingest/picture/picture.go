// Package picture reads QR codes in pictures and, where Debian's tesseract is installed,
// text. Pictures come from strangers: they are bounded in bytes and pixels before they are
// decoded, decoded to shades of grey by decoders written in Go, and only those shades are
// passed on.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // the formats for image.Decode
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/webp"
)

// Bounds of a picture.
const (
	// MaxBytes is many times the size of a poster as sites compress it.
	MaxBytes = 4 << 20
	// maxPixels is the size of the largest screenshot of a page, 1,280 by 4,096. Decoding
	// takes five bytes a pixel, reading text ten times as many.
	maxPixels = 1280 * 4096
	// minSide is the side of the smallest QR code, at one pixel a module. A smaller picture is an icon.
	minSide = 21
)

// Errors of Decode.
var (
	ErrTooLarge = errors.New("the picture has more bytes or pixels than are read")
	ErrTooSmall = errors.New("the picture is too small to say anything")
)

// Decode decodes a PNG, JPEG, WebP or GIF (its first picture) to shades of grey, on white
// where it is transparent.
func Decode(body []byte) (grey *image.Gray, err error) {
	defer func() {
		if r := recover(); r != nil {
			grey, err = nil, fmt.Errorf("picture: %v", r)
		}
	}()
	if len(body) > MaxBytes {
		return nil, ErrTooLarge
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	switch w, h := config.Width, config.Height; {
	case w < minSide || h < minSide:
		return nil, ErrTooSmall
	case w > maxPixels/h:
		return nil, ErrTooLarge
	}
	decoded, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	bounds := decoded.Bounds()
	if bounds.Dx() < minSide || bounds.Dy() < minSide || bounds.Dx() > maxPixels/bounds.Dy() { // checked again, since a GIF's frame has its own bounds
		return nil, ErrTooSmall
	}
	grey = image.NewGray(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	draw.Draw(grey, grey.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(grey, grey.Rect, decoded, bounds.Min, draw.Over)
	return grey, nil
}
