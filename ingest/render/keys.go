package render

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"
)

// keys lets the proxy read the browser's requests over TLS: it answers as any
// host, with one key that is made for this process and trusted by this browser
// only. The fetcher speaks TLS to the real server, and checks its certificate.
type keys struct {
	key *ecdsa.PrivateKey
	// pin is the key's hash, for --ignore-certificate-errors-spki-list.
	pin string

	mu           sync.Mutex
	certificates map[string]*tls.Certificate // by host
}

func newKeys() (*keys, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("a key for the browser's proxy: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("a key for the browser's proxy: %w", err)
	}
	sum := sha256.Sum256(spki)
	return &keys{key: key, pin: base64.StdEncoding.EncodeToString(sum[:]), certificates: map[string]*tls.Certificate{}}, nil
}

// maxCertificates is the number of certificates after which all are dropped and made anew.
const maxCertificates = 512

// certificate returns a certificate for a host name or address.
func (k *keys) certificate(host string) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.certificates[host]; c != nil {
		return c, nil
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "qianshao"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.key.PublicKey, k.key)
	if err != nil {
		return nil, fmt.Errorf("a certificate for %q: %w", host, err)
	}
	if len(k.certificates) >= maxCertificates {
		clear(k.certificates)
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k.key}
	k.certificates[host] = c
	return c, nil
}
