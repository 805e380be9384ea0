package locale

// campaignsMessages are the words of these pages; see messages.
func campaignsMessages() map[string]message {
	return map[string]message{}
}
