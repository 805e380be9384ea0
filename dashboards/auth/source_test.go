package auth

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestReadPassword(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	for _, test := range []struct {
		content         string
		mode            os.FileMode
		exposed, refuse bool
	}{
		{" " + goodPassword + "\n", 0o600, false, false}, {goodPassword, 0o640, false, false}, {goodPassword, 0o644, true, false},
		{goodPassword, 0o602, false, true}, {goodPassword, 0o666, false, true}, {" \n", 0o600, false, true},
	} {
		name := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(name, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, test.mode); err != nil { // WriteFile heeds the umask
			t.Fatal(err)
		}
		password, exposed, err := ReadPassword(name)
		if (err != nil) != test.refuse || exposed != test.exposed || err == nil && password != goodPassword {
			t.Errorf("%q with mode %o: %q, exposed %v, %v", test.content, test.mode, password, exposed, err)
		}
	}
	if _, _, err := ReadPassword(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("there is no file, and no error")
	}
}
