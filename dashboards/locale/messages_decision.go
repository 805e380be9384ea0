package locale

// decisionMessages are the words of these pages; see messages.
func decisionMessages() map[string]message {
	return together(verdictMessages(), standsMessages(), panelMessages(), actMessages(), conflictMessages(), refusalMessages())
}

func verdictMessages() map[string]message {
	return map[string]message{
		"verdict.crime":     {"违法", "Crime"},
		"verdict.not_crime": {"不违法", "Not a crime"},
		"verdict.unsure":    {"不确定", "Unsure"},

		"verdict.reason.awareness":  {"防范宣传", "Awareness text"},
		"verdict.reason.lawful":     {"合法经营", "Lawful trade"},
		"verdict.reason.homonym":    {"同音词或地名", "Homonym or place name"},
		"verdict.reason.extraction": {"网页读取有误", "Page was misread"},
		"verdict.reason.other":      {"其他", "Other"},
		"verdict.other.ask":         {"其他（请写明）", "Other (say what)"},
		"verdict.reason.hacked":     {"被入侵站点", "Hacked site"},
		"verdict.reason.user_post":  {"用户发帖", "User’s post"},
		"verdict.reason.operator":   {"站点自营", "Operator’s own"},

		"decision.answer":    {"%s：%s", "%s: %s"},
		"decision.undecided": {"尚未判定", "Not decided yet"},
	}
}

// standsMessages say what stands.
func standsMessages() map[string]message {
	return map[string]message{
		"decision.title":        {"判定", "Decision"},
		"decision.blind":        {"等待复核", "Second review"},
		"decision.blind.wait":   {"已有人作出判定，等待另一人独立复核；复核之前不显示结论。", "Somebody has decided, and another person is to review it; the answer is not shown before."},
		"decision.readonly":     {"您的角色只能查看，不能判定或加备注。判得不对，或规则报错了，请告诉分析员或组长。", "Your role reads, and neither decides nor adds notes. Tell an analyst or a lead what is wrong here, or with the rule."},
		"decision.blind.why":    {"已有人作出判定。请独立判断：在您复核之前，不显示对方的结论。", "Somebody has decided. Judge for yourself: their answer is not shown until it is reviewed."},
		"decision.stale":        {"内容已变", "Content has changed"},
		"decision.stale.why":    {"现在的证据与判定时的不同，请重新判定。", "The evidence is not what was judged. Decide again."},
		"decision.relapsed":     {"复发", "Relapsed"},
		"decision.relapsed.why": {"曾经消失，同样的内容又出现了；原判定仍然有效。", "It was gone, and the same content is back. The verdict stands."},
		"decision.due":          {"待复核", "Review due"},
		"decision.due.why":      {"将由另一人独立复核。", "Another person will review it independently."},
		"decision.reviewed":     {"已复核", "Reviewed"},
		"decision.disputed":     {"有异议", "Disputed"},
		"decision.disputed.why": {"结论不一致，等待组长裁定。", "The answers differ. A lead adjudicates."},
		"decision.parked":       {"已搁置", "Parked"},
		"decision.back":         {"搁置结束", "Back from parking"},
		"decision.wake.date":    {"到了约定的日期。", "The date has come."},
		"decision.wake.content": {"内容变了。", "Its content has changed."},
		"decision.wake.relapse": {"消失后又出现了。", "It was gone and is there again."},
		"decision.wake.sites":   {"又有更多站点出现。", "It has appeared on more sites."},
		"decision.assigned":     {"负责人：", "Assigned to"},
	}
}

// panelMessages are the words of the panel's forms.
func panelMessages() map[string]message {
	return map[string]message{
		"decision.claim":             {"认领", "Claim"},
		"decision.claim.mine":        {"您已认领，到 %s 为止。", "You have claimed this until %s."},
		"decision.claim.held":        {"%s 已认领，到 %s 为止。", "%s has claimed this until %s."},
		"decision.claim.until":       {"到 %s 为止", "until %s"},
		"decision.release":           {"取消认领", "Release"},
		"decision.takeover":          {"由我接手", "Take over"},
		"decision.skip":              {"跳过", "Skip"},
		"decision.ask.own":           {"您已判定。要改判吗？", "You have decided. Change it?"},
		"decision.ask.decide":        {"这是什么？", "What is this?"},
		"decision.ask.review":        {"独立复核：这是什么？", "Second review: what is this?"},
		"decision.ask.dispute":       {"不同意？写下您的结论，由组长裁定。", "Do you disagree? Give your answer; a lead adjudicates."},
		"decision.ask.adjudicate":    {"裁定：这是什么？", "Adjudicate: what is this?"},
		"decision.pick.crime":        {"违法：是谁的内容？", "Crime: whose is it?"},
		"decision.pick.not_crime":    {"不违法：为什么？", "Not a crime: why?"},
		"decision.answered":          {"您已对这一判定给出意见，等待组长裁定。", "You have answered this decision. A lead adjudicates."},
		"decision.nothing":           {"这一判定暂无需要您回答的。", "There is nothing for you to answer here."},
		"decision.both":              {"各方结论", "The answers"},
		"decision.answer.decide":     {"判定", "decided"},
		"decision.answer.adjudicate": {"裁定", "adjudicated"},
		"decision.answer.review":     {"复核", "reviewed"},
		"decision.answer.dispute":    {"异议", "disputed"},
		"decision.bulk":              {"判定全部成员", "Decide all members"},
		"decision.words":             {"备注（身份证号会被遮盖）", "Note (identity numbers are masked)"},
		"decision.words.first":       {"请先写明理由，再按 Ctrl+Enter", "Say what it is, then press Ctrl+Enter"},
		"decision.note":              {"只加备注", "Add the note only"},
		"decision.park":              {"搁置", "Park"},
		"decision.park.until":        {"最迟到这一天", "Until this day at the latest"},
		"decision.park.content":      {"或内容变化时", "or when its content changes"},
		"decision.park.relapse":      {"或消失后再出现时", "or when it is gone and comes back"},
		"decision.park.sites":        {"或再出现在这么多站点时", "or on this many further sites"},
		"decision.park.words":        {"为什么（可不填）", "Why (optional)"},
		"decision.park.button":       {"搁置", "Park"},
		"decision.assign":            {"分配", "Assign"},
		"decision.assign.me":         {"分配给我", "Assign to me"},
		"decision.assign.to":         {"分配给", "Assign to"},
		"decision.assign.button":     {"分配", "Assign"},
		"decision.unassign":          {"取消分配", "Unassign"},
		"decision.history":           {"操作记录（%d）", "History (%d)"},
		"decision.history.blind":     {"复核之后可看操作记录。", "The history is shown after the review."},
		"decision.by.policy":         {"（按团伙策略自动判定）", "(by the campaign’s policy)"},
		"decision.policy.queue":      {"新成员进入待办。", "New members wait to be decided."},
		"decision.policy.decided":    {"新成员一并判为%s。", "New members are decided too: %s."},
		"decision.policy.hidden":     {"新成员一并判定；如何判定，在复核之前不公开。", "New members are decided too; how is kept from you until what waits is reviewed."},
		"decision.undo":              {"撤销", "Undo"},
		"decision.undo.why":          {"撤销（需说明理由）", "Undo (with a reason)"},
		"decision.undo.words":        {"为什么撤销", "Why it is undone"},
		"decision.undone":            {"已撤销“%s”", "Undone: %s"},
		"decision.open":              {"查看", "Open"},
		"decision.batch":             {"批次 %d", "batch %d"},
		"decision.batch.applying":    {"批次 %d：正在处理 %d 条发现", "Batch %d: working on %d findings"},
		"decision.batch.applied":     {"批次 %d：已处理 %d 条发现", "Batch %d: %d findings done"},
		"decision.batch.undoing":     {"批次 %d：正在撤销，共 %d 条发现", "Batch %d: undoing, of %d findings"},
		"decision.batch.undone":      {"批次 %d：已撤销，共 %d 条发现", "Batch %d: undone, of %d findings"},
		"decision.until":             {"到 %s", "until %s"},
		"decision.until.content":     {"内容变化", "other content"},
		"decision.until.relapse":     {"复发", "a relapse"},
		"decision.until.sites":       {"再多 %d 个站点", "%d further sites"},
		"decision.until.sites.one":   {"再多 %d 个站点", "%d further site"},
		"decision.or":                {"，或", ", or "},
	}
}

// actMessages say what somebody has done.
func actMessages() map[string]message {
	return map[string]message{
		"decision.did.decide":     {"已判为%s", "Decided: %s"},
		"decision.did.review":     {"复核为%s", "Reviewed: %s"},
		"decision.did.dispute":    {"提出异议：%s", "Disputed: %s"},
		"decision.did.adjudicate": {"已裁定为%s", "Adjudicated: %s"},
		"decision.did.hidden":     {"已给出结论（复核前不显示）", "Answered (not shown before the review)"},
		"decision.did.note":       {"已加备注", "Note added"},
		"decision.did.park":       {"已搁置：%s", "Parked: %s"},
		"decision.did.assign":     {"已分配给 %s", "Assigned to %s"},
		"decision.did.unassign":   {"已取消分配", "Unassigned"},
		"decision.did.claim":      {"已认领，到 %s 为止", "Claimed until %s"},
		"decision.did.takeover":   {"从 %s 接手认领，到 %s 为止", "Taken over from %s, until %s"},
		"decision.did.undo":       {"已撤销第 %d 号操作", "Act %d undone"},
		"decision.did.merge":      {"并入 %d 个团伙", "%d campaigns merged into it"},
		"decision.did.merge.one":  {"并入 %d 个团伙", "%d campaign merged into it"},
		"decision.did.split":      {"移出 %d 条发现", "%d findings split off"},
		"decision.did.split.one":  {"移出 %d 条发现", "%d finding split off"},
		"decision.did.policy":     {"策略：%s", "Policy: %s"},
	}
}

func conflictMessages() map[string]message {
	return map[string]message{
		"decision.conflict":         {"与别人的操作冲突", "This conflicts with what somebody did"},
		"decision.conflict.basis":   {"在您查看期间，结论已经变了。", "The decision changed while you were looking."},
		"decision.conflict.decided": {"已有另一人的结论。", "Another person’s verdict stands."},
		"decision.conflict.seen":    {"在您查看期间，网页换了内容。请看现在的证据，再作判定。", "The page’s content changed while you were looking. Look at the evidence as it is now, then decide."},
		"decision.conflict.claimed": {"另一人已认领这一条。", "Somebody else has claimed this one."},
		"decision.conflict.key":     {"这张表单已用于另一次操作。", "This form was used for another act."},
		"decision.conflict.undo":    {"这一操作已不再有效：期间有人作出判定，或已把它撤销。", "This act does not stand any more: somebody has decided or undone it meanwhile."},
		"decision.conflict.open":    {"您看到的结论已被撤销，现在没有结论。", "The verdict that you saw was undone. None stands now."},
		"decision.conflict.hidden":  {"在您查看期间，有人作出了判定。请独立判断。", "Somebody decided while you were looking. Judge for yourself."},
		"decision.conflict.nothing": {"什么都没有被改动，您输入的内容都在下面。", "Nothing was changed, and all that you typed is below."},
		"decision.theirs":           {"现在的结论", "What stands now"},
		"decision.theirs.hidden":    {"对方的结论不显示", "Their answer is not shown"},
		"decision.theirs.yours":     {"现在的结论：您在别处给出的", "What stands now: yours, from another window"},
		"decision.yours":            {"您要做的", "What you wanted"},
		"decision.now":              {"现在的证据", "The evidence now"},
		"decision.now.more":         {"另有 %d 处", "and %d more"},
		"decision.now.none":         {"没有可以显示的证据，请查看发现页。", "There is no evidence to show. See the finding’s page."},
		"decision.again.decide":     {"仍按我的结论判定", "Decide as I wanted"},
		"decision.again.review":     {"以我的结论作为复核", "Give my answer as the second review"},
		"decision.again.dispute":    {"请组长裁定", "Ask for adjudication"},
		"decision.again.adjudicate": {"裁定为我的结论", "Adjudicate as I wanted"},
		"decision.again.park":       {"仍然搁置", "Park it still"},
		"decision.again.note":       {"仍然加备注", "Add the note still"},
		"decision.again.assign":     {"仍然分配", "Assign it still"},
		"decision.keep":             {"采纳现在的结论，保留我的备注", "Accept what stands, and keep my note"},
		"decision.keep.only":        {"只保留我的备注", "Keep my note only"},
		"decision.accept":           {"采纳现在的结论，继续", "Accept it and go on"},
		"decision.go_on":            {"继续", "Go on"},
		"decision.look":             {"再看一遍", "Look again"},
		"decision.refused":          {"没有完成", "This was not done"},
		"decision.refused.kept":     {"您输入的内容都在表单里，改好后再提交即可。", "All that you typed is in the form. Correct it and send it again."},
		"decision.typed":            {"您输入的是：", "You typed:"},
	}
}

// refusalMessages say what the desk refuses, by desk.Refusal.Code, and what to do about it.
func refusalMessages() map[string]message {
	return map[string]message{
		"refusal.forbidden": {"您的角色不能这样做。可以加备注，或请组长处理。", "Your role does not permit this. Add a note, or ask a lead."},
		"refusal.not_found": {"没有这一项，或者您无权查看。它可能已被删除，请回到待办。", "There is no such thing, or none that you may see. It may have been deleted; go back to the queue."},
		"refusal.form":      {"表单不完整。请打开这一项，用页面上的表单再提交。", "The form is incomplete. Open the subject and use the form on its page."},
		"refusal.claims":    {"您同时认领的已达上限（20 项）。请先判定其中一项，或取消一项认领；10 分钟没有动作的认领会自动失效。", "You have claimed as much as one may at a time, 20. Decide on one of these or release it; a claim without activity ends after 10 minutes."},
		"refusal.kind":      {"这里不能做这一种操作。请用这一项页面上的表单。", "This kind of act is not done here. Use the form on the subject’s page."},
		"refusal.key":       {"这次操作的名称太长。请重新打开页面再提交。", "The act’s key is too long. Open the page again, then send the form."},
		"refusal.words":     {"请写几句话，最多 4000 字：备注、选“其他”时、10 分钟之后的撤销以及撤销别人的操作，都要写明。", "Write some words, at most 4000 characters: for a note, for the reason “other”, and to undo after 10 minutes or what somebody else did."},
		"refusal.subject":   {"这种操作不适用于此。发现逐条判定；团伙请用“判定全部成员”。", "This act does not fit the subject. Decide on findings; for a campaign, use “Decide all members”."},
		"refusal.moved":     {"这个团伙已并入另一个团伙，或换了编号。请看下面的现状，再操作。", "The campaign has become part of another one, or has got another id. Look at it as it is now, then act."},
		"refusal.verdict":   {"请选一个结论：违法、不违法或不确定；新成员不能自动判为不确定。", "Choose a verdict: crime, not a crime, or unsure. New members cannot be decided to be unsure."},
		"refusal.reason":    {"请选一个理由：判为违法要说明是谁的内容，判为不违法要说明为什么。", "Choose a reason: for a crime, whose it is; for no crime, why."},
		"refusal.detail":    {"表单里有这种操作用不到的内容。请重新打开页面再提交。", "The form has something that this kind of act has no use for. Open the page again, then send the form."},
		"refusal.reverts":   {"没有说明要撤销哪一项。请在操作记录里选择撤销。", "Say which act is undone: choose “Undo” in the history."},
		"refusal.names":     {"请选择 1 到 1000 项，不重复，也不含它自己。", "Choose 1 to 1000, none of them twice, and not the subject itself."},
		"refusal.park":      {"请说明何时结束搁置，否则它永远不会回来：填明天起 366 天以内的日期，或选内容变化（仅限发现）、再次出现，或填 1 到 10000 个新增站点。", "Say when it comes back, or it never would: a date from tomorrow within 366 days, other content (findings only), a relapse, or 1 to 10000 further sites."},
		"refusal.policy":    {"请选择新成员是一并判定，还是进入待办。", "Choose whether new members are decided too, or wait to be decided."},
		"refusal.undecided": {"现在没有有效的结论，请直接判定。", "No decision stands. Decide."},
		"refusal.own":       {"自己的判定要由别人复核或提出异议。要改，请撤销或重新判定。", "Another person reviews or disputes your decision. To change it, undo it or decide again."},
		"refusal.blind":     {"这一判定等待复核。请先独立复核，不看对方的结论。", "The decision waits for a second review. Review it first, without knowing the first answer."},
		"refusal.agrees":    {"您的结论与现在的相同，没有异议可提。可以加备注。", "That is the verdict which stands: there is nothing to dispute. You can add a note."},
		"refusal.reviewed":  {"您已对这一判定给出意见，请等组长裁定。可以加备注。", "You have answered this decision already; a lead adjudicates. You can add a note."},
		"refusal.undo":      {"这种操作不能撤销。请用另一次操作更正，例如加备注或重新分配。", "This kind of act is not undone. Correct it by another act: a note, or another assignment."},
		"refusal.assignee":  {"没有这样的账号：要已启用、能判定，并且能看到这一项。请另选一人。", "There is no such account that is enabled, decides, and sees this. Choose another one."},
		"refusal.members":   {"一个批次有 1 到 200000 条发现。请调整选择范围。", "A batch has 1 to 200000 findings. Select more, or fewer."},
		"refusal.query":     {"检索式最多 2000 字。请缩短后再试。", "The query has at most 2000 characters. Shorten it."},
		"refusal.batch":     {"这个批次已不能这样处理。要做别的，请新建一个批次。", "This cannot be done with the batch as it is. For another act, make a new one."},
		"refusal.unseen":    {"您已看不到这个批次的全部发现，而批次只能整批撤销。请能查看全部的组长撤销，或逐条撤销您看得到的处置。", "You do not see all of its findings any more, and a batch is undone whole. Ask a lead who sees all to undo it, or undo the acts that you see one by one."},
		"refusal.confirm":   {"数目不符。请照预览里的数目填写，以确认全部。", "The number is not right. Type the number in the preview, to confirm them all."},
	}
}
