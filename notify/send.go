package notify

import (
	"time"

	"github.com/qianshao/qianshao/locales"
)

// SendError is a sender's error for a refused attempt. An attempt that failed with any other error is
// retried by schedule.
type SendError struct {
	// Text says what happened, in English for logs and programs; without secrets.
	Text string
	// Fault is the same for the console; of unknown kind if there is only the text.
	Fault Fault
	// Final says that retrying is useless, for instance because a robot is gone or a signature was refused:
	// the delivery has failed.
	Final bool
	// After is how long the receiver asks to wait before the next attempt; 0 if it gave no time.
	After time.Duration
}

// Error returns Text.
func (e *SendError) Error() string { return e.Text }

// In says it as the console does; in English where the kind of failure is unknown.
func (e *SendError) In(l locales.Lang) string {
	if !e.Fault.Known() {
		return e.Text
	}
	var args []any
	for _, a := range e.Fault.Args {
		args = append(args, a)
	}
	return l.Text("notices.fault."+string(e.Fault.Code), args...)
}
