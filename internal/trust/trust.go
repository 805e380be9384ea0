// Package trust reads settings that an operator gives in files and not in addresses: the secrets by
// which servers trust us, and the certificates by which we trust them.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// maxFile bounds how much of a file is read.
const maxFile = 1 << 20

// Secret reads a secret, without the white space around it.
func Secret(name string) (string, error) {
	content, err := read(name, locales.M("trust.secret"))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return "", locales.Errorf("trust.empty", name)
	}
	return secret, nil
}

// TLS returns how a server's certificate is checked: with the certificates in a PEM file, or with
// the system's if no file is named.
func TLS(ca string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca == "" {
		return config, nil
	}
	content, err := read(ca, locales.M("trust.certificates"))
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(content) {
		return nil, locales.Errorf("trust.no_pem", ca)
	}
	return config, nil
}

// read reads a file. what says what the file should contain, for errors.
func read(name string, what locales.Message) ([]byte, error) {
	info, err := os.Stat(name) // a device or a pipe might never end
	if errors.Is(err, fs.ErrNotExist) {
		return nil, locales.Errorf("trust.no_file", name, what)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, locales.Errorf("trust.not_regular", name, maxFile)
	}
	return os.ReadFile(name)
}

// Remedy says what to do about a server with a certificate that was refused. It is the zero Message
// if err is about something else.
func Remedy(err error) locales.Message {
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, new(x509.HostnameError)):
		return locales.M("trust.remedy.name")
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return locales.M("trust.remedy.authority")
	case errors.As(err, &refused):
		return locales.M("trust.remedy.certificate")
	}
	return locales.Message{}
}
