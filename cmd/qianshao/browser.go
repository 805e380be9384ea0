package main

import (
	"log/slog"

	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
)

// browserFlags say which browser renders pages.
type browserFlags struct {
	Browser          string `help:"Chromium, to render pages that scripts make and to take pictures of flagged ones: auto looks for one, off renders nothing, or its PATH." default:"auto" env:"QIANSHAO_BROWSER" placeholder:"auto|off|PATH"`
	BrowserNoSandbox bool   `help:"Run the browser without its sandbox, as root must. Only inside a container that is a sandbox itself."`
}

// newBrowser returns the browser, or nil where there is none and none was asked for by its path.
func (f browserFlags) newBrowser(fetcher *fetch.Fetcher, log *slog.Logger) (*render.Browser, error) {
	opts := render.Options{Fetcher: fetcher, NoSandbox: f.BrowserNoSandbox, Log: log}
	switch f.Browser {
	case "", "off":
		return nil, nil
	case "auto":
	default:
		opts.Path = f.Browser
	}
	browser, err := render.New(opts)
	if err != nil && f.Browser == "auto" {
		log.Warn("no page is rendered: those that scripts make are judged by their source, and there are no pictures", "reason", err)
		return nil, nil
	}
	if err != nil {
		return nil, usageError(err)
	}
	return browser, nil
}
