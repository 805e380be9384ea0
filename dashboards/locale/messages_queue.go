package locale

// queueMessages are the words of these pages; see messages.
func queueMessages() map[string]message {
	return map[string]message{}
}
