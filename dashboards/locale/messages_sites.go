package locale

// sitesMessages are the words of these pages; see messages.
func sitesMessages() map[string]message {
	return map[string]message{}
}
