package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
)

// linkLength is the length of every record of the tests, in bytes.
const linkLength = 100

// extension extends a chain after its head by n records in a file, each of linkLength bytes, all of one
// capture.
func extension(end evidence.Head, file string, n int) evidence.Extension {
	var x evidence.Extension
	first := end.Seq + 1
	for i := range int64(n) {
		x.Links = append(x.Links, evidence.Link{
			Seq: first + i, Kind: "response", Added: base, File: file, Offset: linkLength * i, Length: linkLength,
			Record: hash('r', first+i), Chain: hash('c', first+i), ID: fmt.Sprintf("<urn:uuid:%d>", first+i), URI: "http://a/" + file,
			Captured: base, MIME: "text/html", Status: 200, Payload: "sha256:00",
		})
	}
	x.Capture = &evidence.Capture{
		First: first, URL: "http://a/" + file, Captured: base, Seen: base, Fingerprint: hash('f', first),
		Categories: []qianshao.Category{qianshao.Gambling, qianshao.Fraud}, Findings: []string{"0123456789abcdef"}, Records: n, Bytes: int64(n) * linkLength,
	}
	return x
}

func hash(kind rune, n int64) string { return fmt.Sprintf("%c%063d", kind, n) }

func begin(t testing.TB, s Store, writer string) evidence.Chain {
	t.Helper()
	c, err := s.BeginEvidence(t.Context(), writer)
	check(t, err)
	return c
}

func chain(t testing.TB, s Store, number int64) evidence.Chain {
	t.Helper()
	c, ok, err := s.EvidenceChain(t.Context(), number)
	if check(t, err); !ok {
		t.Fatalf("there is no chain %d", number)
	}
	return c
}

// extend appends records to the end of a chain, and returns the capture as the ledger then has it.
func extend(t testing.TB, s Store, of evidence.Chain, file string, n int) evidence.Extension {
	t.Helper()
	head := chain(t, s, of.Number).Head
	x := extension(head, file, n)
	check(t, s.AppendEvidence(t.Context(), head, x))
	all := captures(t, s)
	x.Capture.ID = all[len(all)-1].ID
	for i := range x.Links {
		x.Links[i].Capture = x.Capture.ID
	}
	return x
}

func links(t testing.TB, s Store) []evidence.Link {
	t.Helper()
	list, err := s.EvidenceLinks(t.Context(), 0, 1000)
	check(t, err)
	return list
}

func captures(t testing.TB, s Store) []evidence.Capture {
	t.Helper()
	list, err := s.EvidenceCaptures(t.Context(), "", 0, 1000)
	check(t, err)
	return list
}

func archived(t testing.TB, s Store) evidence.State {
	t.Helper()
	state, err := s.EvidenceState(t.Context())
	check(t, err)
	return state
}

func uncut(t testing.TB, s Store) []string {
	t.Helper()
	list, err := s.UncutEvidence(t.Context())
	check(t, err)
	return list
}

func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// headOf is the head after the last link of an extension.
func headOf(x evidence.Extension) evidence.Head {
	last := x.Links[len(x.Links)-1]
	return evidence.Head{Seq: last.Seq, Chain: last.Chain, Added: last.Added}
}

func testEvidence(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	same(t, "the state of an empty archive", evidence.State{}, archived(t, s))
	if _, ok, err := s.EvidenceCapture(ctx, "http://a/one"); ok || err != nil {
		t.Errorf("an empty archive has a capture: %v, error %v", ok, err)
	}
	long := "one?" + strings.Repeat("x", 8<<10-20)
	a, b := begin(t, s, "a"), begin(t, s, "b")
	two, one := extend(t, s, b, "two", 2), extend(t, s, a, long, 3)
	same(t, "chains", []evidence.Head{headOf(one), headOf(two)}, []evidence.Head{chain(t, s, a.Number).Head, chain(t, s, b.Number).Head})
	same(t, "links, by chain", append(one.Links, two.Links...), links(t, s))
	same(t, "captures, as they came", []evidence.Capture{*two.Capture, *one.Capture}, captures(t, s))

	some, err := s.EvidenceLinks(ctx, one.Links[1].Seq, 2)
	check(t, err)
	same(t, "two links behind the second", []evidence.Link{one.Links[2], two.Links[0]}, some)
	some, err = s.EvidenceFileLinks(ctx, "two")
	check(t, err)
	same(t, "the links of a file", two.Links, some)
	again := extend(t, s, b, long, 1) // the same URL, in another chain
	latest, ok, err := s.EvidenceCapture(ctx, "http://a/"+long)
	check(t, err)
	same(t, "the latest capture", *again.Capture, latest)
	of, err := s.EvidenceCaptures(ctx, "http://a/"+long, one.Capture.ID, 10)
	check(t, err)
	if same(t, "the page's captures behind the first", []evidence.Capture{*again.Capture}, of); !ok {
		t.Error("the latest capture is not found")
	}

	for _, at := range []time.Time{base.Add(time.Hour), base} { // the earlier one changes nothing
		check(t, s.SeeEvidence(ctx, "http://a/"+long, at))
	}
	check(t, s.SeeEvidence(ctx, "http://unknown/", base))
	again.Capture.Seen = base.Add(time.Hour)
	same(t, "captures that were seen again", []evidence.Capture{*two.Capture, *one.Capture, *again.Capture}, captures(t, s))

	many := extend(t, s, a, "many", 250)
	some, err = s.EvidenceFileLinks(ctx, "many")
	check(t, err)
	same(t, "many links", many.Links, some)
}

// testEvidenceChains: an epoch is the writer's last one plus one, and a fenced chain cannot be extended.
func testEvidenceChains(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	first, other, second := begin(t, s, "a"), begin(t, s, "b"), begin(t, s, "a")
	for i, c := range []evidence.Chain{first, other, second} {
		number := int64(i + 1)
		want := evidence.Chain{Number: number, Writer: "a", Epoch: 1, Head: evidence.Head{Seq: evidence.Before(number), Chain: evidence.Start}, Registered: evidence.Before(number)}
		if i == 1 {
			want.Writer = "b"
		}
		if i == 2 {
			want.Epoch = 2
		}
		same(t, "a chain that is begun", want, c)
	}
	one := extend(t, s, first, "one", 2)
	check(t, s.FenceEvidence(ctx, first.Number))
	head := headOf(one)
	for _, x := range []evidence.Extension{extension(head, "two", 1), extension(first.Head, "two", 1)} {
		if err := s.AppendEvidence(ctx, evidence.Head{Seq: x.Links[0].Seq - 1, Chain: head.Chain}, x); !errors.Is(err, evidence.ErrFenced) {
			t.Errorf("a fenced chain is extended: %v", err)
		}
	}
	extend(t, s, second, "three", 1)
	check(t, s.EndEvidence(ctx, first.Number, base))
	check(t, s.EndEvidence(ctx, other.Number, base))
	first.Head, first.Registered, first.Fenced, first.Ended = head, head.Seq, true, true
	other.Fenced, other.Ended = true, true
	second = chain(t, s, second.Number)
	same(t, "chains", []evidence.Chain{first, other, second}, archived(t, s).Chains)
	if second.Fenced || second.Ended || second.Registered != second.Seq {
		t.Errorf("a chain without an end is %+v", second)
	}
	if _, ok, err := s.EvidenceChain(ctx, 77); ok || err != nil {
		t.Errorf("there is a chain 77: %v, %v", ok, err)
	}
}

// testEvidenceRegister: each head is entered once, in a chain of hashes.
func testEvidenceRegister(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	a, b := begin(t, s, "a"), begin(t, s, "b")
	check(t, s.RegisterEvidence(ctx, base)) // nothing to enter
	one := extend(t, s, a, "one", 2)
	check(t, s.RegisterEvidence(ctx, base.Add(1500*time.Millisecond)))
	check(t, s.RegisterEvidence(ctx, base.Add(time.Minute))) // nothing new
	more, two := extend(t, s, a, "more", 2), extend(t, s, b, "two", 1)
	check(t, s.EndEvidence(ctx, b.Number, base.Add(time.Hour)))
	var want []evidence.Entry
	previous := ""
	for i, e := range []evidence.Entry{
		{Chain: a.Number, Name: "a-000001", Head: headOf(one)}, {Chain: a.Number, Name: "a-000001", Head: headOf(more)}, {Chain: b.Number, Name: "b-000001", Head: headOf(two)},
	} {
		e.Seq, e.Now, e.Head.Added = int64(i+1), e.Head.Chain, base.Add(time.Hour)
		if i == 0 {
			e.Head.Added = base.Add(time.Second)
		}
		e.Hash = e.HashAfter(previous)
		previous, want = e.Hash, append(want, e)
	}
	got, err := s.EvidenceRegister(ctx, 0, 10)
	check(t, err)
	same(t, "the register", want, got)
	same(t, "its head", evidence.Head{Seq: 3, Chain: previous, Added: base.Add(time.Hour)}, archived(t, s).Register)
	got, err = s.EvidenceRegister(ctx, 1, 1)
	check(t, err)
	same(t, "the second entry", want[1:2], got)
	for seq, entry := range map[int64]int{one.Links[0].Seq: 0, one.Links[1].Seq: 0, more.Links[0].Seq: 1, two.Links[0].Seq: 2} {
		e, ok, err := s.EvidenceRegistered(ctx, seq)
		if check(t, err); !ok {
			t.Fatalf("%d has no entry in the register", seq)
		}
		same(t, "the entry that vouches for a link", want[entry], e)
	}
	if e, ok, err := s.EvidenceRegistered(ctx, headOf(more).Seq+1); ok || err != nil {
		t.Errorf("an unregistered link has the entry %+v, %v", e, err)
	}
}

// deletion deletes captures by records in a file.
func deletion(end evidence.Head, file string, captures ...int64) evidence.Extension {
	x := extension(end, file, len(captures))
	x.Capture = nil
	for i, c := range captures {
		x.Links[i].Kind = evidence.KindDeletion
		x.Deletions = append(x.Deletions, evidence.Deletion{Capture: c, Seq: x.Links[i].Seq})
	}
	return x
}

func testEvidenceDeleted(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	a, b := begin(t, s, "a"), begin(t, s, "b")
	one, two := extend(t, s, a, "one", 3), extend(t, s, b, "two", 2)
	head := headOf(two)
	x := deletion(head, "three", one.Capture.ID)
	check(t, s.AppendEvidence(ctx, head, x)) // in another chain than the capture's
	for i := range one.Links {
		one.Links[i].Gone = x.Links[0].Seq
	}
	one.Capture.Gone = x.Links[0].Seq
	same(t, "links", append(one.Links, two.Links...), links(t, s)[:5])
	same(t, "captures", []evidence.Capture{*one.Capture, *two.Capture}, captures(t, s))
	same(t, "files to be cut", []string{"one"}, uncut(t, s))
	if _, ok, err := s.EvidenceCapture(ctx, "http://a/one"); ok || err != nil {
		t.Errorf("the latest capture of the page is a deleted one: %v, error %v", ok, err)
	}
	if now := archived(t, s); now.Gone != 3 || now.Cut != 0 {
		t.Errorf("%d records are gone and %d cut, want 3 and none", now.Gone, now.Cut)
	}
	before := func(l evidence.Link) int64 {
		n, err := s.EvidenceCutBefore(ctx, l)
		check(t, err)
		return n
	}
	if n := before(one.Links[2]); n != 0 {
		t.Errorf("%d bytes count as cut, but nothing was", n)
	}
	failed := errors.New("for the test")
	if err := s.CutEvidence(ctx, "one", func([]evidence.Link) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("records that could not be cut are marked: %v", err)
	}
	same(t, "files to be cut", []string{"one"}, uncut(t, s))
	check(t, s.CutEvidence(ctx, "one", func(now []evidence.Link) error {
		same(t, "the links of the file that is cut", one.Links, now)
		return nil
	}))
	for i := range one.Links {
		one.Links[i].Cut = true
	}
	same(t, "links", append(one.Links, two.Links...), links(t, s)[:5])
	same(t, "files to be cut", []string(nil), uncut(t, s))
	if now := archived(t, s); now.Gone != 3 || now.Cut != 3 {
		t.Errorf("%d records are gone and %d cut, want 3 of each", now.Gone, now.Cut)
	}
	if n := before(one.Links[2]); n != 2*linkLength {
		t.Errorf("%d bytes are cut before the third record, want %d", n, 2*linkLength)
	}
}

// testEvidenceRefused: an extension that cannot be recorded as a whole is not recorded at all.
func testEvidenceRefused(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	a, other := begin(t, s, "a"), begin(t, s, "b")
	stale := a.Head
	one := extend(t, s, a, "one", 2)
	now, before := headOf(one), archived(t, s)
	forged := now
	forged.Chain = hash('x', 2)
	gap := extension(now, "two", 2)
	gap.Links[1].Seq = one.Links[0].Seq // which exists
	strange := extension(now, "two", 2)
	strange.Links[1].Seq = other.Seq + 1
	for name, tc := range map[string]struct {
		after evidence.Head
		x     evidence.Extension
		want  error
	}{
		"a stale end":                      {stale, extension(stale, "two", 1), evidence.ErrEndChanged},
		"another chain value":              {forged, extension(now, "two", 1), evidence.ErrEndChanged},
		"an end that was never reached":    {evidence.Head{Seq: now.Seq + 7, Chain: hash('c', 9)}, extension(evidence.Head{Seq: now.Seq + 7}, "two", 1), evidence.ErrEndChanged},
		"a chain that was never begun":     {evidence.Head{Seq: evidence.Before(9), Chain: evidence.Start}, extension(evidence.Head{Seq: evidence.Before(9)}, "two", 1), evidence.ErrEndChanged},
		"a stale end, and nothing to add":  {stale, evidence.Extension{}, evidence.ErrEndChanged},
		"a link that is there":             {now, gap, nil},
		"a link of another chain":          {now, strange, nil},
		"the deletion of nothing":          {now, deletion(now, "two", one.Capture.ID, 77), nil},
		"a deletion of one capture, twice": {now, deletion(now, "two", one.Capture.ID, one.Capture.ID), nil},
	} {
		err := s.AppendEvidence(ctx, tc.after, tc.x)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) || tc.want == nil && errors.Is(err, evidence.ErrEndChanged) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
		same(t, name+": state", before, archived(t, s))
		same(t, name+": links", one.Links, links(t, s))
		same(t, name+": captures", []evidence.Capture{*one.Capture}, captures(t, s))
	}
	check(t, s.AppendEvidence(ctx, now, deletion(now, "two", one.Capture.ID)))
	head := chain(t, s, a.Number).Head
	if err := s.AppendEvidence(ctx, head, deletion(head, "two", one.Capture.ID)); err == nil || !strings.Contains(err.Error(), "deleted meanwhile") {
		t.Errorf("deleted again: %v", err)
	}
}

// testEvidenceAtOnce: of all who extend the same end, one succeeds; those who then retry succeed in the
// end. Chains begun at once are different.
func testEvidenceAtOnce(t *testing.T, open Open) {
	const workers, each = 6, 5
	s := open(t)
	a := begin(t, s, "a")
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			if _, err := s.BeginEvidence(context.Background(), "b"); err != nil {
				t.Error(err)
			}
			for i := 0; i < each; {
				c, _, err := s.EvidenceChain(context.Background(), a.Number)
				if err == nil {
					err = s.AppendEvidence(context.Background(), c.Head, extension(c.Head, fmt.Sprintf("%d-%d", w, i), 2))
				}
				switch {
				case err == nil:
					i++
				case !errors.Is(err, evidence.ErrEndChanged):
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	list := links(t, s)
	for i := range list {
		if want := a.Seq + int64(i+1); list[i].Seq != want || list[i].Capture != int64(i/2+1) {
			t.Fatalf("link %d of capture %d is at %d", list[i].Seq, list[i].Capture, i)
		}
	}
	if c := chain(t, s, a.Number); len(list) != 2*workers*each || c.Seq != a.Seq+int64(len(list)) || len(captures(t, s)) != workers*each {
		t.Errorf("%d links, chain %+v", len(list), c)
	}
	chains := archived(t, s).Chains
	for i, c := range chains {
		if c.Number != int64(i+1) || i > 0 && c.Epoch != int64(i) {
			t.Errorf("chain %d is %+v", i, c)
		}
	}
	if len(chains) != workers+1 {
		t.Errorf("%d chains, want %d", len(chains), workers+1)
	}
}
