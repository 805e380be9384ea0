package desk

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Newcomer is a finding that has joined a campaign.
type Newcomer struct {
	Finding string
	Seen    string
	Level   qianshao.Level
	// Acts are all acts of the finding.
	Acts []qianshao.Act
}

// ByPolicy returns the act that decides a newcomer by its campaign's policy. It is signed with the name of
// the lead who set the policy, and names the act that did so. ok is false if the policy lets newcomers
// queue, or somebody has acted on the finding already: a policy never overrides a person.
func ByPolicy(policy *qianshao.Act, n *Newcomer, now time.Time) (act qianshao.Act, ok bool, err error) {
	if detailOf(policy).Newcomers != NewcomersDecided || !policy.Verdict.Valid() || len(n.Acts) > 0 {
		return qianshao.Act{}, false, nil
	}
	d := Detail{Policy: policy.Seq, Second: second(n.Level, policy.Verdict, false)}
	act = qianshao.Act{
		At: now.UTC().Truncate(time.Millisecond), By: policy.By, Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: n.Finding},
		Kind: qianshao.ActDecide, Verdict: policy.Verdict, Reason: policy.Reason, Seen: n.Seen, Rules: policy.Rules, Round: 1,
	}
	act.Detail, err = d.encode()
	return act, err == nil, err
}
