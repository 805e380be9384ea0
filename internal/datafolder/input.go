package datafolder

// InputError says that the operator's input is wrong: an option, a rule, a line of the register. Nothing
// was changed.
type InputError struct{ Err error }

// Error says what is wrong.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

func inputError(err error) error { return &InputError{err} }
