package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Signed says who changes something, when and why. The trail of acts records it with the change.
type Signed struct {
	// By is the account's name, or ByCommand.
	By string
	At time.Time
	// Words give the reason; optional. The caller has masked identity numbers in them.
	Words string
}

// ErrChanged says that something is not as it was when the change of it was prepared.
var ErrChanged = locales.Errorf("store.changed")

// RegisterDigest is the SHA-256, in hex, of entries of the register before a change; nil stands for an
// entry that does not exist.
func RegisterDigest(before []*qianshao.Authorisation) string {
	h := sha256.New()
	for _, a := range before {
		text, err := json.Marshal(a)
		if err != nil { // a rate that is not a number; normalised entries have none
			text = []byte(err.Error())
		}
		_, _ = fmt.Fprintf(h, "%d:%s,", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SubmissionPath is the API's path of a report; it is part of the answers kept for repeated requests.
func SubmissionPath(id string) string { return "/api/v1/submissions/" + id }
