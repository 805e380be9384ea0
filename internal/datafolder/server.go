package datafolder

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// serverPath is the file that records which database on a server a folder has been used with.
func serverPath(data string) string { return filepath.Join(data, "store.url") }

// noteServer writes that file if the store is on a server.
func (o Options) noteServer() error {
	address := o.Backends.Store.Address
	if u, err := url.Parse(address); err == nil {
		u.User, u.RawQuery = nil, ""
		address = u.String()
	}
	name := serverPath(o.Data)
	if noted, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(noted)) == address {
		return nil
	}
	return os.WriteFile(name, []byte(address+"\n"), 0o600)
}

// wantServer refuses to create a database in a folder that has been used with one on a server: an
// operator who forgot to name the server would find nothing, and start a second store.
func (o Options) wantServer() error {
	if o.HasStore() {
		return nil
	}
	address, err := os.ReadFile(serverPath(o.Data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return locales.Errorf("data.unreadable", err)
	}
	return inputError(locales.Errorf("data.worked_with", o.Data, strings.TrimSpace(string(address)), filepath.Join(o.Data, ConfigName)))
}
