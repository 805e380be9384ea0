//go:build !linux

package render

import "os/exec"

// Outside Linux only the browser's main process is killed, and its memory is not watched.
func ownGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) {
	if cmd != nil && cmd.Process != nil {
		_ = cmd.Process.Kill()
	}
}

func groupMemory(*exec.Cmd) int64 { return 0 }
