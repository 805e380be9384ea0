// Package backends has the operator's settings for the servers that several machines may
// share in place of parts of the data folder: their addresses, and the files with secrets and
// certificates. It does not connect to them.
package backends

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/index/opensearchindex"
	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/locales"
)

// Options say where the parts are. The zero value means the data folder for all of them.
type Options struct {
	// Store is a PostgreSQL database, Index an OpenSearch cluster, Evidence a bucket of S3
	// or a folder.
	Store, Index, Evidence Place
	// Prefix is of the flags' names in errors: "to-" for the target of a migration.
	Prefix string
}

// Place is where one part is.
type Place struct {
	// Address is the server's address, without a password; empty for the data folder.
	Address string
	// SecretFile has the password, or the keys of the bucket.
	SecretFile string
	// CAFile has the certificates, in PEM, with which the server's certificate is checked. If it is
	// empty, the system's are used.
	CAFile string
}

// Elsewhere reports whether the part is outside the data folder.
func (p Place) Elsewhere() bool { return p.Address != "" }

// Named returns the place of a store with the name of an application, which the server gets with
// each connection.
func (p Place) Named(application string) Place {
	if u, err := url.Parse(p.Address); err == nil && p.Elsewhere() { // Check reports what is wrong with it
		query := u.Query()
		query.Set("application_name", application)
		u.RawQuery = query.Encode()
		p.Address = u.String()
	}
	return p
}

// Any reports whether any part is outside the data folder.
func (o Options) Any() bool {
	return o.Store.Elsewhere() || o.Index.Elsewhere() || o.Evidence.Elsewhere()
}

// Check reports what is wrong with the options, as far as that can be seen without the servers. Its
// errors name flags, but contain no secrets.
func (o Options) Check() error {
	for _, part := range []struct {
		part, secret string
		place        Place
		check        func(place Place, flag string) error
	}{
		{"store", "password", o.Store, checkStore},
		{"index", "password", o.Index, checkIndex},
		{"evidence", "credentials", o.Evidence, checkEvidence},
	} {
		if err := part.place.check("--"+o.Prefix+part.part, part.secret, part.check); err != nil {
			return err
		}
	}
	return nil
}

func (p Place) check(flag, secret string, part func(Place, string) error) error {
	for _, file := range []struct{ suffix, name string }{{secret + "-file", p.SecretFile}, {"ca", p.CAFile}} {
		if file.name != "" && !p.Elsewhere() {
			return locales.Errorf("backends.without_address", flag, file.suffix)
		}
	}
	if !p.Elsewhere() {
		return nil
	}
	if err := part(p, flag); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if p.SecretFile != "" {
		if _, err := trust.Secret(p.SecretFile); err != nil {
			return fmt.Errorf("%s-%s-file: %w", flag, secret, err)
		}
	}
	if _, err := trust.TLS(p.CAFile); err != nil {
		return fmt.Errorf("%s-ca: %w", flag, err)
	}
	return nil
}

// errPassword refuses a password in an address: addresses can be seen in lists of processes, in
// environments and in logs.
var errPassword = locales.Errorf("backends.password")

// parse reads an address. The error does not quote it, as it may contain a secret.
func parse(address, form string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes, u.Scheme) {
		return nil, locales.Errorf("backends.form", form)
	}
	if _, has := u.User.Password(); has {
		return nil, errPassword
	}
	return u, nil
}

const storeForm = "postgres://USER@HOST:PORT/DATABASE"

func checkStore(p Place, flag string) error {
	u, err := parse(p.Address, storeForm, "postgres", "postgresql")
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil { // what cannot be parsed may be a password
		return locales.Errorf("backends.query")
	}
	for name := range query {
		if strings.EqualFold(name, "password") || strings.EqualFold(name, "sslpassword") {
			return errPassword
		}
	}
	for _, own := range []string{"passfile", "sslrootcert"} {
		if query.Has(own) {
			return locales.Errorf("backends.store.file", own, flag)
		}
	}
	switch mode := query.Get("sslmode"); mode {
	case "", "verify-full", "verify-ca", "require", "disable":
		if p.CAFile != "" && (mode == "require" || mode == "disable") {
			return locales.Errorf("backends.store.unchecked", mode, flag)
		}
		return nil
	default:
		return locales.Errorf("backends.store.unencrypted", mode)
	}
}

// DSN returns the address of the store with the parameters for TLS. Unless the address says
// otherwise, the certificate and the name of another machine are checked.
func (p Place) DSN() (string, error) {
	u, err := parse(p.Address, storeForm, "postgres", "postgresql")
	if err != nil {
		return "", err
	}
	if query := u.Query(); query.Get("sslmode") == "" && (p.CAFile != "" || !local(u)) {
		query.Set("sslmode", "verify-full")
		u.RawQuery = query.Encode()
	}
	return u.String(), nil
}

// local reports whether all hosts of a store's address are this machine. If the address names none,
// libpq's environment may. The hosts of a service are in a file that is not read here, and count as
// other machines.
func local(u *url.URL) bool {
	hosts, query := u.Host, u.Query()
	if more := query.Get("host"); more != "" {
		hosts += "," + more
	}
	if query.Has("service") || os.Getenv("PGSERVICE") != "" {
		return false
	}
	if hosts == "" {
		hosts = os.Getenv("PGHOST")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if name := (&url.URL{Host: host}).Hostname(); name != "" && !strings.HasPrefix(name, "/") && !loopback(name) {
			return false
		}
	}
	return true
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func checkIndex(p Place, flag string) error {
	cluster, err := opensearchindex.ParseAddress(p.Address)
	if err != nil {
		return err
	}
	open := slices.ContainsFunc(cluster.Nodes, func(node string) bool { return strings.HasPrefix(node, "http:") })
	switch {
	case cluster.User != "" && p.SecretFile == "":
		return locales.Errorf("backends.index.no_password", cluster.User, flag)
	case p.SecretFile != "" && cluster.User == "":
		return locales.Errorf("backends.index.no_user")
	case p.SecretFile != "" && open && slices.ContainsFunc(cluster.Nodes, elsewhere):
		return locales.Errorf("backends.index.unencrypted")
	case p.CAFile != "" && open:
		return locales.Errorf("backends.index.unchecked", flag)
	}
	return nil
}

// elsewhere reports whether a node is on another machine.
func elsewhere(node string) bool {
	u, err := url.Parse(node)
	return err != nil || !loopback(u.Hostname())
}

const evidenceForm = "s3://BUCKET/PREFIX?endpoint=https://HOST:PORT"

// IsFolder reports whether the address is a folder, to which all machines that share it must have
// access.
func (p Place) IsFolder() bool { return filepath.IsAbs(p.Address) }

func checkEvidence(p Place, flag string) error {
	if p.IsFolder() {
		if p.SecretFile != "" || p.CAFile != "" {
			return locales.Errorf("backends.evidence.folder", flag)
		}
		return nil
	}
	u, err := parse(p.Address, evidenceForm, "s3")
	switch {
	case err != nil:
		return err
	case u.User != nil:
		return locales.Errorf("backends.evidence.key", flag)
	case u.Host == "":
		return locales.Errorf("backends.evidence.no_bucket", evidenceForm)
	}
	return bucket.CheckS3(p.Address)
}
