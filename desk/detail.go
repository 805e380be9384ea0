package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Detail is what acts have besides the fields of qianshao.Act, as the trail keeps it.
type Detail struct {
	// Words are a note, or say why. Resident identity numbers in them are masked.
	Words string `json:"words,omitempty"`
	// Assignee is the account to which an assignment gives the subject; if it is empty, the subject is
	// nobody's task any more.
	Assignee string `json:"assignee,omitempty"`
	// Park says when a parked subject comes back, besides at Act.Until.
	Park *Park `json:"park,omitempty"`
	// Second says why a decision is due for a second review; empty if it is not.
	Second Second `json:"second,omitempty"`
	// From is the account whose claim a lead has taken over.
	From string `json:"from,omitempty"`
	// Campaigns are the campaigns that a merge joins to its subject.
	Campaigns []string `json:"campaigns,omitempty"`
	// Findings are the findings that a split takes out of its subject.
	Findings []string `json:"findings,omitempty"`
	// Policy is the act by which a finding was decided when it joined its campaign.
	Policy int64 `json:"policy,omitempty"`
	// Newcomers is a campaign's policy.
	Newcomers Newcomers `json:"newcomers,omitempty"`
	// Event says in one word what was changed or exported, depending on the kind: "role", "ended", "csv".
	Event string `json:"event,omitempty"`
	// Before and After are the value before and after the change, as a person reads it.
	// Neither ever contains a password, a token or another secret.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// EventRecheck is the event of a site being checked again; After is the number of its URLs.
const EventRecheck = "recheck"

// Park says when a parked subject comes back.
type Park struct {
	// Content brings it back when its content has changed.
	Content bool `json:"content,omitempty"`
	// Relapse brings it back when it is found again after it was gone.
	Relapse bool `json:"relapse,omitempty"`
	// Sites brings it back when the same content is on this many further sites.
	Sites int `json:"sites,omitempty"`
	// SitesNow is the number of sites when it was parked. The desk fills it in.
	SitesNow int `json:"sites_now,omitempty"`
}

// Second says why a decision is due for a second review.
type Second string

// Why a decision is due for a second review.
const (
	SecondSample   Second = "sample"   // chance
	SecondCritical Second = "critical" // a critical finding was decided to be no crime
	SecondBatch    Second = "batch"    // one of more than ConfirmAbove decisions at once
)

// Newcomers says what becomes of findings that join a decided campaign.
type Newcomers string

// The policies.
const (
	NewcomersDecided Newcomers = "decided" // they are decided with it, by the policy's verdict
	NewcomersQueue   Newcomers = "queue"   // they wait to be decided
)

// encode writes a detail in its canonical form, "" if it is empty.
func (d Detail) encode() (string, error) {
	text, err := json.Marshal(d)
	if err != nil || string(text) == "{}" {
		return "", err
	}
	return string(text), nil
}

// ParseDetail reads the detail of an act. Unknown keys are refused.
func ParseDetail(text string) (d Detail, err error) {
	if text == "" {
		return d, nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return Detail{}, fmt.Errorf("the detail of an act: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Detail{}, errors.New("the detail of an act: something follows the object")
	}
	return d, nil
}
