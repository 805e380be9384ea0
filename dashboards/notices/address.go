package notices

import (
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/notify"
)

// maxAddress and maxSecret bound what is typed, in bytes; real ones are far shorter.
const (
	maxAddress = 2000
	maxSecret  = 500
	// maxTo bounds the recipients of a mail; a mailing list counts as one.
	maxTo = 50
)

// vendorHosts are the hosts of the vendors' robots. A robot may also be reached by another host,
// for example through a gateway, but these hosts answer only their own kind.
func vendorHosts() map[string]notify.Kind {
	return map[string]notify.Kind{
		"oapi.dingtalk.com": notify.DingTalk, "api.dingtalk.com": notify.DingTalk, "qyapi.weixin.qq.com": notify.WeCom,
		"open.feishu.cn": notify.Feishu, "open.larksuite.com": notify.Feishu,
	}
}

// checkAddress returns the key of what is wrong with the URL of a webhook or a robot; "" if nothing
// is. If the URL is that of another kind, other is that kind.
func checkAddress(kind notify.Kind, address string, private bool) (key string, other notify.Kind) {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > maxAddress || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.ContainsFunc(address, unprintable):
		return "notices.refused.address", ""
	case u.Scheme != "https" && (u.Scheme != "http" || !private):
		return "notices.refused.https", ""
	}
	owner, known := vendorHosts()[strings.ToLower(u.Hostname())]
	switch {
	case known && owner != kind:
		return "notices.refused.vendor", owner
	case known && !isWhole(kind, u):
		return "notices.refused.cut", ""
	}
	return "", ""
}

// isWhole says whether the URL of a vendor's robot includes the part that identifies the robot,
// which is easily lost in copying.
func isWhole(kind notify.Kind, u *url.URL) bool {
	switch kind {
	case notify.DingTalk:
		return u.Query().Get("access_token") != ""
	case notify.WeCom:
		return u.Query().Get("key") != ""
	case notify.Feishu:
		_, id, ok := strings.Cut(u.Path, "/hook/")
		return ok && id != ""
	}
	return true
}

func unprintable(r rune) bool { return r <= ' ' || qianshao.Unseen(r) }

// mailAddress writes the server of a mail channel in the form of notify.Channel.Address; ok is
// false if it is not a valid server.
func mailAddress(server, user, security string) (address string, ok bool) {
	scheme, port := "smtps", "465"
	if security == "starttls" {
		scheme, port = "smtp", "587"
	}
	host := server
	if h, p, err := net.SplitHostPort(server); err == nil {
		host, port = h, p
	}
	number, err := strconv.Atoi(port)
	if host == "" || len(server)+len(user) > maxAddress || err != nil || number < 1 || number > 65535 || strings.ContainsAny(host, "/@?#:[]") || strings.ContainsFunc(server+user, unprintable) {
		return "", false
	}
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}
	if user != "" {
		u.User = url.User(user)
	}
	return u.String(), true
}

// hostOf is the part of a channel's address that may be shown: the host, and the port that was
// typed.
func hostOf(c *notify.Channel) string {
	u, err := url.Parse(c.Address)
	if err != nil {
		return ""
	}
	return u.Host
}

// mailboxes reads the recipients of a mail, separated by white space, commas or semicolons; ok is
// false if one is not a valid address.
func mailboxes(text string) (list []string, ok bool) {
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,，;；、", r) }) {
		if !isMailbox(field) {
			return nil, false
		}
		if !slices.Contains(list, field) {
			list = append(list, field)
		}
	}
	return list, len(list) > 0 && len(list) <= maxTo
}

// isMailbox says whether a text is the address of a mailbox, without a display name.
func isMailbox(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && !strings.ContainsFunc(text, unprintable)
}
