package app

import (
	"cmp"
	"net/url"
	"os"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/locales"
)

// oidcFile is the format of the file that sets up sign-in through an OIDC provider.
type oidcFile struct {
	Issuer     string   `yaml:"issuer"`
	ClientID   string   `yaml:"client_id"`
	SecretFile string   `yaml:"client_secret_file"`
	URL        string   `yaml:"url"`
	Scopes     []string `yaml:"scopes"`
	NameClaim  string   `yaml:"name_claim"`
	RoleClaim  string   `yaml:"role_claim"`
	Grants     []struct {
		Value          string   `yaml:"value"`
		Role           string   `yaml:"role"`
		All            bool     `yaml:"all"`
		Authorisations []string `yaml:"authorisations"`
	} `yaml:"grants"`
}

// ReadOIDC reads the file that says where people sign in and what they may then do, and
// the client's secret from the file that it names.
func ReadOIDC(name string) (*auth.OIDC, error) {
	source, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file oidcFile
	if err := strictyaml.Decode(source, &file); err != nil {
		return nil, locales.Errorf("oidc.keys", name, err)
	}
	opts := auth.OIDC{
		Issuer: file.Issuer, ClientID: file.ClientID, URL: file.URL, Scopes: file.Scopes, RoleClaim: file.RoleClaim,
		NameClaim: cmp.Or(file.NameClaim, "preferred_username"),
	}
	for _, f := range []struct{ key, value string }{{"issuer", file.Issuer}, {"url", file.URL}} {
		if u, err := url.Parse(f.value); err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
			return nil, locales.Errorf("oidc.https", name, f.key, f.value)
		}
	}
	for _, f := range []struct{ key, value string }{{"client_id", file.ClientID}, {"client_secret_file", file.SecretFile}, {"role_claim", file.RoleClaim}} {
		if f.value == "" {
			return nil, locales.Errorf("oidc.missing", name, f.key)
		}
	}
	if opts.Secret, err = trust.Secret(file.SecretFile); err != nil {
		return nil, locales.Errorf("oidc.secret", name, err)
	}
	for i, g := range file.Grants {
		role := qianshao.Role(g.Role)
		switch {
		case g.Value == "":
			return nil, locales.Errorf("oidc.grant_value", name, i+1)
		case !role.Valid():
			return nil, locales.Errorf("oidc.grant_role", name, i+1, g.Value, g.Role, qianshao.Roles())
		case g.All == (len(g.Authorisations) > 0):
			return nil, locales.Errorf("oidc.grant_sight", name, i+1, g.Value)
		}
		opts.Grants = append(opts.Grants, auth.Grant{Value: g.Value, Role: role, Sight: qianshao.Sight{All: g.All, Authorisations: g.Authorisations}})
	}
	if len(opts.Grants) == 0 {
		return nil, locales.Errorf("oidc.grants", name)
	}
	return &opts, nil
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}
