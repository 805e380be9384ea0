package notify

import "time"

// SendError is what a channel's sender says of an attempt that was refused. An attempt that
// failed with any other error is tried again in its time.
type SendError struct {
	// Text says what happened, in English for logs and programs; without secrets.
	Text string
	// Fault is the same for the console; of no known kind where there is but the text.
	Fault Fault
	// Final says that trying again cannot help, as with a robot that is gone or a signature
	// that is refused: the delivery has failed.
	Final bool
	// After is how long the receiver asks to wait before the next attempt; 0 if it did not say.
	After time.Duration
}

// Error returns Text.
func (e *SendError) Error() string { return e.Text }
