package locale

// adminMessages are the words of these pages; see messages.
func adminMessages() map[string]message {
	return map[string]message{}
}
