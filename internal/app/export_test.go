package app

// Look makes the grouper and the feeder look now for changes of another process, instead of
// every ten seconds.
func (a *App) Look() {
	a.grouper.wake()
	a.feeder.wake()
}
