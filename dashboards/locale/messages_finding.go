package locale

// findingMessages are the words of these pages; see messages.
func findingMessages() map[string]message {
	return map[string]message{}
}
