package app

// Look has the grouper and the feeder look now for what another process has changed, in place of
// every ten seconds.
func (a *App) Look() {
	a.grouper.wake()
	a.feeder.wake()
}
