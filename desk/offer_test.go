package desk_test

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
)

// TestAnswer: what an account is asked about a finding depends on the standing, on whose decision it is,
// and on what has become of the page.
func TestAnswer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: "f"}
	act := func(seq int64, by string, k qianshao.ActKind, v qianshao.Verdict, detail string) qianshao.Act {
		return qianshao.Act{Seq: seq, At: now.Add(-time.Hour), By: by, Subject: subject, Kind: k, Verdict: v, Seen: "s", Round: 1, Detail: detail}
	}
	decided := act(1, "ann", qianshao.ActDecide, qianshao.VerdictCrime, "")
	due := act(1, "ann", qianshao.ActDecide, qianshao.VerdictCrime, `{"second":"sample"}`)
	const decide, review, dispute, adjudicate, none = qianshao.ActDecide, qianshao.ActReview, qianshao.ActDispute, qianshao.ActAdjudicate, qianshao.ActKind("")
	for name, tt := range map[string]struct {
		seen   string
		back   time.Time
		acts   []qianshao.Act
		expect [4]qianshao.ActKind // of the author ann, of bob, of a lead, of an auditor
	}{
		"open":         {seen: "s", expect: [4]qianshao.ActKind{decide, decide, decide, none}},
		"decided":      {seen: "s", acts: []qianshao.Act{decided}, expect: [4]qianshao.ActKind{decide, dispute, adjudicate, none}},
		"unsure":       {seen: "s", acts: []qianshao.Act{act(1, "ann", decide, qianshao.VerdictUnsure, "")}, expect: [4]qianshao.ActKind{decide, decide, decide, none}},
		"stale":        {seen: "other", acts: []qianshao.Act{decided}, expect: [4]qianshao.ActKind{decide, decide, decide, none}},
		"relapsed":     {seen: "s", back: now, acts: []qianshao.Act{decided}, expect: [4]qianshao.ActKind{decide, decide, decide, none}},
		"due":          {seen: "s", acts: []qianshao.Act{due}, expect: [4]qianshao.ActKind{decide, review, review, none}},
		"due, stale":   {seen: "other", acts: []qianshao.Act{due}, expect: [4]qianshao.ActKind{decide, decide, decide, none}},
		"due, relapse": {seen: "s", back: now, acts: []qianshao.Act{due}, expect: [4]qianshao.ActKind{decide, review, review, none}},
		"reviewed":     {seen: "s", acts: []qianshao.Act{due, act(2, "bob", review, qianshao.VerdictCrime, "")}, expect: [4]qianshao.ActKind{decide, none, adjudicate, none}},
		"disputed":     {seen: "s", acts: []qianshao.Act{decided, act(2, "bob", dispute, qianshao.VerdictUnsure, "")}, expect: [4]qianshao.ActKind{decide, none, adjudicate, none}},
	} {
		v := desk.View{State: desk.State{Facts: desk.Facts{Seen: tt.seen, BackAt: tt.back}, Acts: tt.acts}, Standing: desk.Replay(tt.acts)}
		v.Stale, v.Relapsed = v.Standing.Stale(v.Facts), v.Standing.Relapsed(v.Facts)
		for i, who := range []qianshao.Account{
			{Name: "ann", Role: qianshao.RoleAnalyst}, {Name: "bob", Role: qianshao.RoleAnalyst}, {Name: "lead", Role: qianshao.RoleLead}, {Name: "auditor", Role: qianshao.RoleAuditor},
		} {
			if got := v.Answer(who, subject, now); got != tt.expect[i] {
				t.Errorf("%s: %s is asked to %q, want %q", name, who.Name, got, tt.expect[i])
			}
		}
	}
}

// TestPolicy: the last policy that was not undone holds, whichever id of the campaign it was set under.
func TestPolicy(t *testing.T) {
	t.Parallel()
	policy := func(seq int64) qianshao.Act { return qianshao.Act{Seq: seq, Kind: qianshao.ActPolicy} }
	undo := func(seq, of int64) qianshao.Act {
		return qianshao.Act{Seq: seq, Kind: qianshao.ActUndo, Reverts: of}
	}
	for _, tt := range []struct {
		acts, former []qianshao.Act
		want         int64
	}{
		{nil, nil, 0},
		{[]qianshao.Act{policy(1), policy(3)}, []qianshao.Act{policy(2)}, 3},
		{[]qianshao.Act{policy(1), policy(3), undo(4, 3)}, []qianshao.Act{policy(2)}, 2},
		{[]qianshao.Act{policy(1), undo(2, 1)}, nil, 0},
	} {
		v := desk.View{State: desk.State{Acts: tt.acts, Former: tt.former}}
		if got, err := v.Policy(qianshao.Account{}); err != nil || (got == nil) != (tt.want == 0) || got != nil && got.Seq != tt.want {
			t.Errorf("%v, %v: %v, want %d", tt.acts, tt.former, got, tt.want)
		}
	}
}
