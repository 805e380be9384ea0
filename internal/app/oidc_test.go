package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
)

// TestReadOIDC: a file is read strictly, and each mistake is named with its remedy.
func TestReadOIDC(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name, secret := filepath.Join(folder, "oidc.yaml"), filepath.Join(folder, "secret")
	apptest.Write(t, secret, "s3cret\n")
	good := `issuer: https://id.example
client_id: qianshao
client_secret_file: ` + secret + `
url: http://localhost:8740
role_claim: groups
grants:
  - {value: leads, role: lead, all: true}
  - {value: school, role: analyst, authorisations: [school-2026]}
`
	apptest.Write(t, name, good)
	got, err := app.ReadOIDC(name)
	want := &auth.OIDC{
		Issuer: "https://id.example", ClientID: "qianshao", Secret: "s3cret", URL: "http://localhost:8740", NameClaim: "preferred_username", RoleClaim: "groups",
		Grants: []auth.Grant{
			{Value: "leads", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()},
			{Value: "school", Role: qianshao.RoleAnalyst, Sight: qianshao.Sight{Authorisations: []string{"school-2026"}}},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	for _, tc := range []struct{ old, with, says string }{
		{"https://id.example", "http://id.example", "issuer"},
		{"http://localhost:8740", "console.example", "url"},
		{"client_id: qianshao", "client_id: ''", "client_id is missing"},
		{secret, secret + "-none", "client_secret_file"},
		{"role_claim: groups", "role_claims: groups", "the keys are"},
		{"role: lead", "role: boss", "there is no role"},
		{", all: true", "", "write all: true"},
		{"authorisations: [school-2026]", "all: true, authorisations: [school-2026]", "write all: true"},
		{"value: leads", "value: ''", "grant 1 has no value"},
	} {
		apptest.Write(t, name, strings.Replace(good, tc.old, tc.with, 1))
		if _, err := app.ReadOIDC(name); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q for %q: %v, want %q", tc.with, tc.old, err, tc.says)
		}
	}
}
