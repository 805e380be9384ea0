package datafolder

// InputError says that what the operator gave is wrong: an option, a rule, a
// line of the register. Nothing was done.
type InputError struct{ Err error }

// Error is the message of what is wrong.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *InputError) Unwrap() error { return e.Err }

func inputError(err error) error { return &InputError{err} }
