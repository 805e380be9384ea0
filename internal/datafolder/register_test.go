package datafolder

import (
	"context"
	"errors"
	"testing"

	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestRegisterChanged: a change is acknowledged at once if no process uses the former register, and
// otherwise only after the last such process has stopped.
func TestRegisterChanged(t *testing.T) {
	t.Parallel()
	opts := Options{Data: sqlitetest.Folder(t)}
	command, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer command.Close()
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	atOnce := func(f *Folder, who string) {
		t.Helper()
		if err := f.RegisterChanged(impatient); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	atOnce(command, "a command on a new folder")
	running, ix, err := OpenWithIndex(t.Context(), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	atOnce(running, "the process that runs")
	if err := command.RegisterChanged(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("a command beside it: %v", err)
	}
	if err := errors.Join(ix.Close(), running.Close()); err != nil {
		t.Fatal(err)
	}
	atOnce(command, "a command when nothing runs any more")
}
