package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"syscall"

	"github.com/wneessen/go-mail"

	"github.com/qianshao/qianshao/internal/dial"
	"github.com/qianshao/qianshao/notify"
)

// connectionFault classifies a connection error; the zero value if it is something else.
func connectionFault(err error) notify.Fault {
	var closed *dial.AddressError
	var name *net.DNSError
	var op *net.OpError
	var proxy *dial.ProxyError
	dialled := errors.As(err, &op) && op.Op == "dial"
	switch {
	case errors.As(err, &closed) && closed.Never():
		return notify.NewFault(notify.FaultNeverOpen, closed.Address())
	case errors.As(err, &closed):
		return notify.NewFault(notify.FaultClosed, closed.Address())
	case errors.As(err, &proxy): // whatever the cause, the receiver is not at fault
		return notify.NewFault(notify.FaultProxy, proxy)
	case errors.As(err, &name) && name.IsNotFound:
		return notify.NewFault(notify.FaultNoHost, strings.TrimSuffix(name.Name, "."))
	case errors.As(err, &name):
		return notify.NewFault(notify.FaultDNS, strings.TrimSuffix(name.Name, "."))
	case errors.Is(err, syscall.ECONNREFUSED):
		return notify.NewFault(notify.FaultConnRefused)
	case dialled && op.Timeout():
		return notify.NewFault(notify.FaultConnTime)
	case isTimeout(err):
		return notify.NewFault(notify.FaultTime)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET):
		return notify.NewFault(notify.FaultHungUp)
	case isGarbled(err):
		return notify.NewFault(notify.FaultGarbled, err)
	}
	return tlsFault(err)
}

// isGarbled says whether the error means that the answer is not valid HTTP, or never ends. net/http has no
// types for these errors.
func isGarbled(err error) bool {
	var protocol textproto.ProtocolError
	return errors.As(err, &protocol) || errors.Is(err, errTooMuch) || strings.Contains(err.Error(), "malformed HTTP") ||
		strings.Contains(err.Error(), "server response headers exceeded")
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout()
}

// tlsFault classifies a TLS error; the zero value if it is something else.
func tlsFault(err error) notify.Fault {
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var noTLS tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &certificate):
		return notify.NewFault(notify.FaultCertificate, certificate.Err)
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &host):
		return notify.NewFault(notify.FaultCertificate, err)
	case errors.As(err, &noTLS):
		return notify.NewFault(notify.FaultTLS, noTLS.Msg)
	case errors.As(err, &alert):
		return notify.NewFault(notify.FaultTLS, alert)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"): // net/http provides no more than this text
		return notify.NewFault(notify.FaultTLS, err)
	}
	return notify.Fault{}
}

// mailFault classifies an error of a session with a mail server.
func mailFault(err error) notify.Fault {
	var refused *mail.SendError
	var reply *textproto.Error
	switch {
	case errors.As(err, &refused) && refused.Reason == mail.ErrSMTPMailFrom:
		return notify.NewFault(notify.FaultMailSender, refused)
	case errors.As(err, &refused) && refused.Reason == mail.ErrSMTPRcptTo:
		return notify.NewFault(notify.FaultMailRecipient, refused)
	case errors.As(err, &refused) && refused.ErrorCode() > 0:
		return notify.NewFault(notify.FaultMailRefused, refused)
	case errors.As(err, &reply) && slices.Contains([]int{432, 454, 530, 534, 535, 538}, reply.Code): // RFC 4954, 6
		return notify.NewFault(notify.FaultMailLogin, reply)
	case errors.As(err, &reply):
		return notify.NewFault(notify.FaultMailGreeting, reply)
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered) || strings.HasSuffix(err.Error(), "server does not support SMTP AUTH"):
		return notify.NewFault(notify.FaultMailAuth)
	case strings.HasSuffix(err.Error(), "target host does not support STARTTLS"): // go-mail has no error value for it
		return notify.NewFault(notify.FaultMailTLS)
	}
	return connectionFault(err)
}
