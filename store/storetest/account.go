package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

func account(name string, role qianshao.Role) store.AccountRecord {
	return store.AccountRecord{Account: qianshao.Account{Name: name, Role: role, Created: base}, Password: "hash of " + name}
}

// runAccounts is the part of the contract that auth needs.
func runAccounts(t *testing.T, open Open) {
	t.Run("accounts", func(t *testing.T) { testAccounts(t, open) })
	t.Run("last administrator", func(t *testing.T) { testLastAdministrator(t, open) })
	t.Run("sessions", func(t *testing.T) { testSessions(t, open) })
	t.Run("tokens", func(t *testing.T) { testTokens(t, open) })
	t.Run("links", func(t *testing.T) { testLinks(t, open) })
}

// testAccounts: accounts are stored as given, and no name can be used twice.
func testAccounts(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	root, wang := account("root", qianshao.RoleAdministrator), account("王", qianshao.RoleAnalyst)
	root.Sight, wang.Sight = qianshao.SeeAll(), qianshao.Sight{Authorisations: []string{"b", "a"}}
	wang.Subject = "https://issuer.example|7"
	check(t, s.AddAccount(ctx, "test", root, true))
	check(t, s.AddAccount(ctx, "root", wang, false))
	for name, err := range map[string]error{
		"a second first":  s.AddAccount(ctx, "test", account("other", qianshao.RoleAdministrator), true),
		"a name twice":    s.AddAccount(ctx, "test", account("王", qianshao.RoleLead), false),
		"a subject twice": s.AddAccount(ctx, "test", store.AccountRecord{Account: qianshao.Account{Name: "x"}, Subject: wang.Subject}, false),
	} {
		if !errors.Is(err, store.ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.AccountOfSubject(ctx, ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the account of an empty subject: %v", err)
	}
	wang.Epoch = 1
	got, err := s.AccountOfSubject(ctx, wang.Subject)
	if diff := cmp.Diff(wang, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	refused := errors.New("refused")
	if _, err := s.ChangeAccount(ctx, "root", "王", base, func(r *store.AccountRecord) error { r.Role = qianshao.RoleAuditor; return refused }); !errors.Is(err, refused) {
		t.Errorf("a change that is refused: %v", err)
	}
	if got, err := s.Account(ctx, "王"); err != nil || got.Role != qianshao.RoleAnalyst {
		t.Errorf("after a refused change: %+v, %v", got, err)
	}
	if _, err := s.ChangeAccount(ctx, "root", "none", base, func(*store.AccountRecord) error { return nil }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a change of an unknown account: %v", err)
	}
}

// testAccountChanges: a change that must end sessions begins a new epoch and leaves an act, with the former
// value and no secret.
func testAccountChanges(t *testing.T, open OpenReview) {
	s, kept := open(t)
	ctx := t.Context()
	wang := account("王", qianshao.RoleAnalyst)
	check(t, s.AddAccount(ctx, "root", wang, false))
	wang.Epoch = 1
	for _, step := range []struct {
		change func(r *store.AccountRecord)
		want   desk.Detail // without an event if it ends nothing
	}{
		{func(r *store.AccountRecord) { r.Role = qianshao.RoleLead }, detail(store.AccountRole, "analyst", "lead")},
		{func(r *store.AccountRecord) { r.Sight.Authorisations = []string{"a", "b"} }, detail(store.AccountSight, "sees nothing", "sees a b")},
		{func(r *store.AccountRecord) { r.Password = "other" }, detail(store.AccountPassword, "", "")},
		{func(r *store.AccountRecord) { r.Disabled = true }, detail(store.AccountDisabled, "", "")},
		{func(r *store.AccountRecord) { r.Disabled = false }, detail(store.AccountEnabled, "", "")},
		{func(r *store.AccountRecord) { r.Factor.Secret = "S" }, desk.Detail{}},
		{func(r *store.AccountRecord) { r.Factor.Confirmed, r.Factor.Recovery = true, []string{"c"} }, detail(store.AccountFactorOn, "", "")},
		{func(r *store.AccountRecord) { r.Factor.Step, r.Factor.Recovery = 9, nil }, desk.Detail{}},
		{func(r *store.AccountRecord) { r.Factor = store.SecondFactor{} }, detail(store.AccountFactorOff, "", "")},
		{func(r *store.AccountRecord) { r.Name, r.Created, r.Epoch = "other", base.Add(time.Hour), 99 }, desk.Detail{}},
	} {
		before := wang.Epoch
		if step.want.Event != "" {
			wang.Epoch++
		}
		got, err := s.ChangeAccount(ctx, "root", "王", base.Add(time.Minute), func(r *store.AccountRecord) error {
			step.change(r)
			return nil
		})
		check(t, err)
		if got.Epoch != wang.Epoch || got.Name != "王" || !got.Created.Equal(base) {
			t.Errorf("%s: from epoch %d to %+v", step.want.Event, before, got)
		}
		acts, err := kept.Acts(ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Latest: true, Limit: 1000})
		check(t, err)
		if len(acts) != int(wang.Epoch) {
			t.Errorf("%s: %d acts, want %d", step.want.Event, len(acts), wang.Epoch)
		}
		if step.want.Event != "" {
			checkRecord(t, &acts[0], qianshao.Subject{Kind: qianshao.SubjectAccount, ID: "王"}, step.want)
		}
	}
	verify(t, kept)
}

func detail(what store.AccountEvent, before, after string) desk.Detail {
	return desk.Detail{Event: string(what), Before: before, After: after}
}

// checkRecord fails unless the act is root's change of the subject.
func checkRecord(t *testing.T, act *qianshao.Act, subject qianshao.Subject, want desk.Detail) {
	t.Helper()
	got, err := desk.ParseDetail(act.Detail)
	check(t, err)
	if diff := cmp.Diff(want, got); act.By != "root" || act.Kind != qianshao.ActChange || act.Subject != subject || diff != "" {
		t.Errorf("%+v (-want +got):\n%s", act, diff)
	}
}

func verify(t *testing.T, kept Review) {
	t.Helper()
	if v, err := kept.Verify(t.Context(), desk.Head{}, func(problem locales.Speaker) { t.Error(problem) }); err != nil || v.Acts == 0 {
		t.Errorf("%d acts verified, error %v", v.Acts, err)
	}
}

// testSettings: the latest value of a setting holds, and each change leaves an act.
func testSettings(t *testing.T, open OpenReview) {
	s, kept := open(t)
	ctx, name := t.Context(), store.SettingSecondReview
	if _, err := s.Setting(ctx, name); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("read before it was set: %v", err)
	}
	for _, value := range []string{"0.05", "0.2", "0.2", "0.1"} {
		check(t, s.PutSetting(ctx, "root", name, value, "0.05", base))
	}
	if got, err := s.Setting(ctx, name); err != nil || got != "0.1" {
		t.Errorf("set to %q, error %v", got, err)
	}
	acts, err := kept.Acts(ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, SubjectKind: qianshao.SubjectSetting, Latest: true, Limit: 10})
	check(t, err)
	if len(acts) != 2 {
		t.Fatalf("%d acts", len(acts))
	}
	subject := qianshao.Subject{Kind: qianshao.SubjectSetting, ID: string(name)}
	checkRecord(t, &acts[1], subject, detail(store.EventSet, "0.05", "0.2"))
	checkRecord(t, &acts[0], subject, detail(store.EventSet, "0.2", "0.1"))
	verify(t, kept)
}

// testLastAdministrator: an administrator remains, however many changes are made at once.
func testLastAdministrator(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	for _, name := range []string{"a", "b", "c"} {
		check(t, s.AddAccount(ctx, "test", account(name, qianshao.RoleAdministrator), false))
	}
	var refused atomic.Int32
	var running sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		running.Go(func() {
			_, err := s.ChangeAccount(ctx, "test", name, base, func(r *store.AccountRecord) error {
				r.Disabled, r.Role = name == "a", qianshao.RoleAnalyst
				return nil
			})
			if errors.Is(err, store.ErrLastAdministrator) {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if refused.Load() != 1 {
		t.Errorf("%d changes refused, want 1", refused.Load())
	}
}

// testSessions: a session that was ended does not come back, and an expired one is gone.
func testSessions(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	session := store.Session{ID: "one", Data: []byte("{}"), Expires: base.Add(time.Hour)}
	check(t, s.PutSession(ctx, session, base))
	got, err := s.Session(ctx, "one", base)
	if diff := cmp.Diff(session, got); err != nil || diff != "" {
		t.Fatalf("error %v (-want +got):\n%s", err, diff)
	}
	session.Data = []byte("[]")
	check(t, s.PutSession(ctx, session, base))
	if got, err = s.Session(ctx, "one", base); err != nil || string(got.Data) != "[]" {
		t.Errorf("changed: %s, %v", got.Data, err)
	}
	if _, err := s.Session(ctx, "one", base.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("at its end: %v", err)
	}
	check(t, s.EndSession(ctx, "one"))
	check(t, s.EndSession(ctx, "none"))
	check(t, s.PutSession(ctx, session, base)) // by a request that had read it before
	if _, err := s.Session(ctx, "one", base); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session that was ended is back: %v", err)
	}
}

// testTokens: tokens are found by their hash, and belong to an account.
func testTokens(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	check(t, s.AddAccount(ctx, "test", account("a", qianshao.RoleAnalyst), false))
	check(t, s.AddAccount(ctx, "test", account("b", qianshao.RoleAnalyst), false))
	token := store.Token{ID: "id1", Account: "a", Label: "脚本", Hash: "h1", Scopes: []qianshao.Scope{qianshao.ScopeRead}, Created: base, Expires: base.Add(time.Hour)}
	check(t, s.AddToken(ctx, "test", token))
	for _, bad := range []store.Token{{ID: "id2", Account: "none", Hash: "h2"}, {ID: "id1", Account: "a", Hash: "h3"}, {ID: "id4", Account: "a", Hash: "h1"}} {
		if err := s.AddToken(ctx, "test", bad); err == nil {
			t.Errorf("%+v was added", bad)
		}
	}
	check(t, s.UseToken(ctx, "id1", base.Add(time.Minute)))
	check(t, s.UseToken(ctx, "id1", base)) // a slower request
	token.Used = base.Add(time.Minute)
	got, err := s.TokenOfHash(ctx, "h1")
	if diff := cmp.Diff(token, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if list, err := s.Tokens(ctx, "b"); err != nil || len(list) != 0 {
		t.Errorf("of another account: %v, %v", list, err)
	}
	if list, err := s.Tokens(ctx, ""); err != nil || len(list) != 1 {
		t.Errorf("of all: %v, %v", list, err)
	}
	if err := s.RevokeToken(ctx, "b", "b", "id1", base); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revoked by somebody else: %v", err)
	}
	check(t, s.RevokeToken(ctx, "a", "a", "id1", base))
	if _, err := s.TokenOfHash(ctx, "h1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revoked: %v", err)
	}
}

// testLinks: a link can be used once, before it expires, by one of several who try at once; a newer one
// replaces it.
func testLinks(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	check(t, s.AddAccount(ctx, "test", account("a", qianshao.RoleAnalyst), false))
	link := store.Link{Hash: "h1", Purpose: store.LinkPassword, Account: "a", Expires: base.Add(time.Hour)}
	check(t, s.PutLink(ctx, "test", store.Link{Hash: "h0", Purpose: store.LinkPassword, Account: "a", Expires: base.Add(time.Hour)}, base))
	check(t, s.PutLink(ctx, "test", link, base))
	if _, err := s.Link(ctx, "h0", base); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the link before: %v", err)
	}
	if got, err := s.Link(ctx, "h1", base); err != nil || cmp.Diff(link, got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.TakeLink(ctx, "h1", base.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after its time: %v", err)
	}
	var taken atomic.Int32
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			if _, err := s.TakeLink(ctx, "h1", base); err == nil {
				taken.Add(1)
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if taken.Load() != 1 {
		t.Errorf("used %d times", taken.Load())
	}
}

// testKeysRecorded: making and revoking a token, and making a link for somebody, leave acts. None of them
// contains the secret.
func testKeysRecorded(t *testing.T, open OpenReview) {
	s, kept := open(t)
	ctx := t.Context()
	check(t, s.AddAccount(ctx, "root", account("a", qianshao.RoleAnalyst), false))
	token := store.Token{ID: "id1", Account: "a", Label: "脚本", Hash: "SECRET", Scopes: []qianshao.Scope{qianshao.ScopeRead, "decide"}, Created: base, Expires: base.Add(time.Hour)}
	check(t, s.AddToken(ctx, "root", token))
	check(t, s.RevokeToken(ctx, "root", "", "id1", base))
	check(t, s.PutLink(ctx, "root", store.Link{Hash: "SECRET", Purpose: store.LinkPassword, Account: "a", Expires: base.Add(time.Hour)}, base))
	check(t, s.PutLink(ctx, "root", store.Link{Hash: "SECRET 2", Purpose: store.LinkFirst, Expires: base.Add(time.Hour)}, base)) // for no account yet
	acts, err := kept.Acts(ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Limit: 10})
	check(t, err)
	want := []desk.Detail{
		detail(store.AccountAdded, "", "analyst, sees nothing"), detail(store.AccountTokenNew, "", "id1 脚本: read decide"),
		detail(store.AccountTokenGone, "id1 脚本: read decide", ""), detail(store.AccountLink, "", "password"),
	}
	if len(acts) != len(want) {
		t.Fatalf("%d acts: %+v", len(acts), acts)
	}
	for i := range acts {
		checkRecord(t, &acts[i], qianshao.Subject{Kind: qianshao.SubjectAccount, ID: "a"}, want[i])
	}
	verify(t, kept)
}
