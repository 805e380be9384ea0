// Package trust reads what an operator gives in files rather than in addresses: secrets, by which
// servers trust us, and certificates, by which we trust them.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// maxFile bounds what is read of a file.
const maxFile = 1 << 20

// Secret reads a secret, without the blanks and line ends around it.
func Secret(name string) (string, error) {
	content, err := read(name, "secret")
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return "", fmt.Errorf("%s is empty; write the secret into it", name)
	}
	return secret, nil
}

// TLS returns how a server's certificate is checked: by the certificates in a file, in PEM, or by
// those of the system if none is named.
func TLS(ca string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca == "" {
		return config, nil
	}
	content, err := read(ca, "certificates")
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", ca)
	}
	return config, nil
}

// read reads a file; what says what it is to hold.
func read(name, what string) ([]byte, error) {
	info, err := os.Stat(name) // a device or a pipe might never end
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s, which is to hold the %s", name, what)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", name, maxFile)
	}
	return os.ReadFile(name)
}

// Remedy says what to do about a server whose certificate was refused; "" if err is about
// something else.
func Remedy(err error) string {
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, new(x509.HostnameError)):
		return "ask for the server by a name that its certificate has"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "name the file with the certificate of the authority that has signed the server's"
	case errors.As(err, &refused):
		return "the server needs another certificate"
	}
	return ""
}
