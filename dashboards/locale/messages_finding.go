package locale

// findingMessages are the words of these pages; see messages.
func findingMessages() map[string]message {
	return map[string]message{
		"help.field.verdict":    {"人的结论；“待复核”的结论在复核前不告诉任何人", "what people decided; an answer that waits for its second review is told nobody before"},
		"help.field.assignee":   {"分派给谁，或其主团伙分派给谁；无人（none）为未分派", "whose task the finding is, or its primary campaign; none is nobody's"},
		"help.field.decided_by": {"谁作的结论", "the account whose verdict stands"},
		"help.field.campaign":   {"所属团伙的编号", "the id of any campaign of the finding"},
		"help.field.parked":     {"已搁置的发现，或其主团伙已搁置", "findings that are parked, or whose primary campaign is"},
		"help.field.age":        {"首次发现至今多久，可比较：>7天、<=24h、1周..4周", "how long ago it was first seen; comparisons work: >7d, <=24h, 1w..4w"},
		"answer.crime":          {"涉罪", "A crime"},
		"answer.not_crime":      {"不涉罪", "Not a crime"},
		"answer.unsure":         {"存疑", "Unsure"},
		"answer.none":           {"未处置", "Not decided"},
		"answer.review":         {"待复核", "Due for a second review"},
		"facet.verdict":         {"结论", "Verdict"},
	}
}
