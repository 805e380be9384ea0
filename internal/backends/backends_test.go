package backends_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/trust/trusttest"
	"github.com/qianshao/qianshao/locales"
)

const hushed = "hush-4711"

// TestCheck: wrong settings of a server give the right errors, which do not repeat a secret.
func TestCheck(t *testing.T) {
	t.Parallel()
	secret, ca := file(t, "secret", hushed+"\n"), trusttest.New(t).File
	empty, missing := file(t, "empty", " \n"), filepath.Join(t.TempDir(), "missing")
	for name, test := range map[string]struct {
		options backends.Options
		want    string // a part of the error; empty for none
	}{
		"nothing":    {},
		"all":        {backends.Options{Store: place("postgres://q@db.example/q", secret, ca), Index: place("https://q@a.example:9200,https://q@b.example/q?shards=2", secret, ca), Evidence: place("s3://b/p?endpoint=https://s3.example", secret, ca)}, ""},
		"two hosts":  {store("postgresql://q@a.example:5432,b.example:5433/q?target_session_attrs=read-write"), ""},
		"a socket":   {store("postgres:///q?host=/run/postgresql"), ""},
		"plain http": {index("http://127.0.0.1:9200"), ""},

		"not PostgreSQL":     {store("mysql://q@db.example/q"), "--store: the address must have the form postgres://"},
		"no URL":             {store("postgres://q:" + hushed + "@%zz/q"), "--store: the address must have the form"},
		"password":           {store("postgres://q:" + hushed + "@db.example/q"), "--store: the address holds a password"},
		"password beside":    {store("postgres://q@db.example/q?password=" + hushed), "--store: the address holds a password"},
		"hidden password":    {store("postgres://q@db.example/q?password=" + hushed + ";x=1"), "cannot be read"},
		"Password":           {store("postgres://q@db.example/q?Password=" + hushed), "--store: the address holds a password"},
		"password of a key":  {store("postgres://q@db.example/q?sslpassword=" + hushed), "--store: the address holds a password"},
		"another's file":     {store("postgres://q@db.example/q?passfile=x"), "use --store-password-file"},
		"another's ca":       {store("postgres://q@db.example/q?sslrootcert=x"), "use --store-password-file and --store-ca"},
		"perhaps TLS":        {store("postgres://q@db.example/q?sslmode=prefer"), "--store: sslmode=prefer may leave the connection unencrypted"},
		"unchecked":          {backends.Options{Store: place("postgres://q@db.example/q?sslmode=require", "", ca)}, "--store-ca would be of no use"},
		"password alone":     {backends.Options{Store: place("", secret, "")}, "--store-password-file is given, and --store is not"},
		"ca alone":           {backends.Options{Index: place("", "", ca)}, "--index-ca is given, and --index is not"},
		"keys alone":         {backends.Options{Evidence: place("", secret, "")}, "--evidence-credentials-file is given, and --evidence is not"},
		"no file":            {backends.Options{Store: place("postgres://q@db.example/q", missing, "")}, "--store-password-file: there is no file "},
		"a folder":           {backends.Options{Store: place("postgres://q@db.example/q", t.TempDir(), "")}, "is not a regular file"},
		"empty":              {backends.Options{Store: place("postgres://q@db.example/q", empty, "")}, "is empty; write the secret into it"},
		"no ca":              {backends.Options{Store: place("postgres://q@db.example/q", "", missing)}, "--store-ca: there is no file "},
		"no certificate":     {backends.Options{Store: place("postgres://q@db.example/q", "", secret)}, "holds no certificate in PEM"},
		"no scheme":          {index("search.example:9200"), "--index: the address of the search index: "},
		"no host":            {index("https:///q"), "--index: the address of the search index: "},
		"user alone":         {index("https://q@a.example"), "names the user q, and no password; name a file with --index-password-file"},
		"user with password": {index("https://q:" + hushed + "@a.example"), "--index: the address of the search index: "},
		"no user":            {backends.Options{Index: place("https://a.example", secret, "")}, "there is a password, and no user"},
		"in the open":        {backends.Options{Index: place("http://q@a.example", secret, "")}, "unencrypted; write https"},
		"ca for http":        {backends.Options{Index: place("http://a.example", "", ca)}, "--index-ca would be of no use; write https"},
		"a shared folder":    {evidence("/srv/evidence"), ""},
		"keys of a folder":   {backends.Options{Evidence: place("/srv/evidence", secret, "")}, "a folder has no use for credentials"},
		"relative":           {evidence("evidence"), "--evidence: the address must have the form s3://"},
		"no bucket":          {evidence("s3:///p"), "--evidence: the address names no bucket"},
		"a key":              {evidence("s3://" + hushed + "@b/p"), "--evidence: the address holds a key"},
	} {
		err := test.options.Check()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %q", name, err, test.want)
		case err != nil && strings.Contains(err.Error(), hushed):
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		case err != nil && !strings.ContainsFunc(locales.Chinese.Error(err), isHan):
			t.Errorf("%s: not said in Chinese: %s", name, locales.Chinese.Error(err))
		}
	}
}

// TestDSN: another machine's certificate is checked, whatever the driver would do by default.
func TestDSN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ address, ca, want string }{
		{"postgres://q@127.0.0.1:5432/q", "", "postgres://q@127.0.0.1:5432/q"},
		{"postgres://q@[::1]/q", "", "postgres://q@[::1]/q"},
		{"postgres:///q?host=/run/postgresql", "", "postgres:///q?host=/run/postgresql"},
		{"postgres://q@localhost/q", "/ca.pem", "postgres://q@localhost/q?sslmode=verify-full"},
		{"postgres://q@db.example/q", "", "postgres://q@db.example/q?sslmode=verify-full"},
		{"postgres://q@localhost,db.example:5433/q", "", "postgres://q@localhost,db.example:5433/q?sslmode=verify-full"},
		{"postgres:///q?host=db.example", "", "postgres:///q?host=db.example&sslmode=verify-full"},
		{"postgres://q@db.example/q?sslmode=disable", "", "postgres://q@db.example/q?sslmode=disable"},
	} {
		if got, err := place(test.address, "", test.ca).DSN(); err != nil || got != test.want {
			t.Errorf("%s: %s (%v), want %s", test.address, got, err, test.want)
		}
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func place(address, secret, ca string) backends.Place {
	return backends.Place{Address: address, SecretFile: secret, CAFile: ca}
}

func store(address string) backends.Options { return backends.Options{Store: place(address, "", "")} }
func index(address string) backends.Options { return backends.Options{Index: place(address, "", "")} }
func evidence(address string) backends.Options {
	return backends.Options{Evidence: place(address, "", "")}
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDSNOfEnvironment: a host that is named by the environment or by a service's file counts as
// another machine, too.
func TestDSNOfEnvironment(t *testing.T) {
	t.Setenv("PGSERVICE", "")
	for _, test := range []struct{ host, address, want string }{
		{"", "postgres:///q", "postgres:///q"},
		{"/run/postgresql", "postgres:///q", "postgres:///q"},
		{"db.example", "postgres:///q", "postgres:///q?sslmode=verify-full"},
		{"db.example", "postgres://localhost/q", "postgres://localhost/q"},
		{"", "postgres:///q?service=far", "postgres:///q?service=far&sslmode=verify-full"},
	} {
		t.Setenv("PGHOST", test.host)
		if got, err := place(test.address, "", "").DSN(); err != nil || got != test.want {
			t.Errorf("%s with PGHOST=%s: %s (%v), want %s", test.address, test.host, got, err, test.want)
		}
	}
}
