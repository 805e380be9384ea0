package notify

import (
	"fmt"
	"slices"
)

// FaultCode is a kind of failure, which the console puts into words.
type FaultCode string

// The kinds of failure, each with its values.
const (
	FaultStatus        FaultCode = "status"         // answered with an HTTP status: the status
	FaultRedirect      FaultCode = "redirect"       // answered with a redirect: the status
	FaultRobot         FaultCode = "robot"          // the robot's service refused: its number, its message
	FaultNoRobot       FaultCode = "no_robot"       // answered, but not in the way of a robot's service: the status
	FaultBusy          FaultCode = "busy"           // the robot has had its share of the minute: messages a minute
	FaultClosed        FaultCode = "closed"         // the address guard permits it for private services only: the address
	FaultNeverOpen     FaultCode = "never_open"     // the address guard never permits it: the address
	FaultNoHost        FaultCode = "no_host"        // the name does not exist: the name
	FaultDNS           FaultCode = "dns"            // the name server gives no answer: the name
	FaultConnRefused   FaultCode = "conn_refused"   // no server listens there
	FaultConnTime      FaultCode = "conn_time"      // no connection in time
	FaultTime          FaultCode = "time"           // no answer in time
	FaultHungUp        FaultCode = "hung_up"        // the connection was closed before an answer
	FaultCertificate   FaultCode = "certificate"    // the certificate is not trusted: why
	FaultTLS           FaultCode = "tls"            // no TLS connection: why
	FaultGarbled       FaultCode = "garbled"        // an invalid answer: why
	FaultProxy         FaultCode = "proxy"          // the proxy did not connect: why
	FaultMailTLS       FaultCode = "mail_tls"       // a mail server without STARTTLS
	FaultMailGreeting  FaultCode = "mail_greeting"  // refused before any mail: the reply
	FaultMailLogin     FaultCode = "mail_login"     // refused the user or the password: the reply
	FaultMailAuth      FaultCode = "mail_auth"      // no sign-in method that we may use
	FaultMailSender    FaultCode = "mail_sender"    // the sender was refused: the reply
	FaultMailRecipient FaultCode = "mail_recipient" // a recipient was refused: the reply
	FaultMailRefused   FaultCode = "mail_refused"   // the mail was refused: the reply
	FaultNotMade       FaultCode = "not_made"       // the message could not be written: why
	FaultNoReport      FaultCode = "no_report"      // the report could not be made
	FaultChannel       FaultCode = "channel"        // the channel's settings are invalid: what is wrong
)

// faultArgs returns how many values each kind of failure has.
func faultArgs() map[FaultCode]int {
	return map[FaultCode]int{
		FaultStatus: 1, FaultRedirect: 1, FaultRobot: 2, FaultNoRobot: 1, FaultBusy: 1, FaultClosed: 1, FaultNeverOpen: 1, FaultNoHost: 1, FaultDNS: 1,
		FaultConnRefused: 0, FaultConnTime: 0, FaultTime: 0, FaultHungUp: 0, FaultCertificate: 1, FaultTLS: 1, FaultGarbled: 1, FaultProxy: 1, FaultMailTLS: 0, FaultMailAuth: 0, FaultMailGreeting: 1,
		FaultMailLogin: 1, FaultMailSender: 1, FaultMailRecipient: 1, FaultMailRefused: 1, FaultNotMade: 1, FaultNoReport: 0, FaultChannel: 1,
	}
}

// FaultCodes returns all kinds of failure.
func FaultCodes() []FaultCode {
	var list []FaultCode
	for code := range faultArgs() {
		list = append(list, code)
	}
	slices.Sort(list)
	return list
}

// Fault is a failure for the console, which words it in its reader's language; the zero value is a failure
// of unknown kind, with only the English text.
type Fault struct {
	Code FaultCode
	// Args are its values. A receiver's message is one of them, unchanged.
	Args []string
}

// NewFault returns a failure with its values.
func NewFault(code FaultCode, args ...any) Fault {
	f := Fault{Code: code}
	for _, a := range args {
		f.Args = append(f.Args, fmt.Sprint(a))
	}
	return f
}

// Known says whether this program knows the kind, and all its values are present.
func (f Fault) Known() bool {
	n, ok := faultArgs()[f.Code]
	return ok && n == len(f.Args)
}

// With returns the fault with change applied to each of its values, for instance to remove secrets.
func (f Fault) With(change func(string) string) Fault {
	f.Args = slices.Clone(f.Args)
	for i, a := range f.Args {
		f.Args[i] = change(a)
	}
	return f
}
