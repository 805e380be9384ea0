package fetch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/qianshao/qianshao"
)

// Errors of Fetcher.Picture, beside *SkipError.
var (
	// ErrPictureElsewhere: the picture, or what it redirects to, is not of the page's own site.
	ErrPictureElsewhere = errors.New("the picture is not of the page's own site")
	// ErrPictureTooLarge: the picture has more bytes than the caller accepts.
	ErrPictureTooLarge = errors.New("the picture is too large")
)

// Picture is a picture that a page shows.
type Picture struct {
	ContentType string
	Body        []byte
}

// Picture fetches a picture of a page's own site, that is, one covered by the page's
// authorisation, under the same rules as a page: scope on every hop, robots.txt, address
// guard, pace. A picture of more than most bytes is refused.
func (f *Fetcher) Picture(ctx context.Context, rawURL, authorisation string, most int64) (Picture, error) {
	asked, err := Exact(rawURL)
	if err != nil {
		return Picture{}, &SkipError{Skip: qianshao.SkipBadURL, URL: rawURL, Err: err}
	}
	_, own, err := f.permitted(asked)
	if err != nil {
		return Picture{}, err
	}
	if own.ID != authorisation {
		return Picture{}, fmt.Errorf("%s: %w", printable(asked), ErrPictureElsewhere)
	}
	a, err := f.follow(ctx, asked, want{accept: "image/webp,image/png,image/jpeg,image/gif;q=0.9,*/*;q=0.1", isType: isPicture, maxBody: most})
	if err != nil {
		return Picture{}, err
	}
	defer a.close()
	if a.authorisation.ID != authorisation {
		return Picture{}, fmt.Errorf("%s: %w", printable(asked), ErrPictureElsewhere)
	}
	body, truncated, err := a.read(most)
	if err != nil {
		return Picture{}, f.readError(ctx, a.url, err)
	}
	if truncated {
		return Picture{}, fmt.Errorf("%s: %w", printable(asked), ErrPictureTooLarge)
	}
	return Picture{ContentType: a.response.Header.Get("Content-Type"), Body: body}, nil
}

// isPicture leaves out vector drawings: they are text, which readers of pictures do not accept.
func isPicture(mediaType string) bool {
	return strings.HasPrefix(mediaType, "image/") && mediaType != "image/svg+xml"
}
