package locale

// decisionMessages are the words of these pages; see messages.
func decisionMessages() map[string]message {
	return map[string]message{}
}
