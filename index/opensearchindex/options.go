package opensearchindex

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/index"
)

// Options of an index.
type Options struct {
	// Nodes are the addresses of the cluster's nodes, https://host:port each.
	Nodes []string
	// Name is the alias that the index has on the cluster; empty is DefaultName. It belongs to one store.
	Name string
	// User is who asks, with the password that PasswordFile has; empty where the cluster asks for none.
	User, PasswordFile string
	// CA is a file of certificates in PEM, one of which must have signed those of the nodes;
	// empty for those whom the system trusts.
	CA string
	// Shards are the parts of an index that is made; 0 is 3.
	Shards int
	// Replicas are the most copies of each part, on further nodes as far as there are any; 0 is 1.
	Replicas int
	// Fold normalises text, at index and at query time alike, one line at a
	// time: case, width, traditional to simplified, and so on. It must be a pure
	// function, safe for concurrent use. Nil changes nothing but the case.
	Fold func(string) string
	// Zone is the zone in which days begin and end; nil is index.DefaultZone.
	Zone *time.Location
}

// DefaultName is the name of an index that is given none.
const DefaultName = "qianshao"

// Bounds of an address.
const (
	defaultShards   = 3
	defaultReplicas = 1
	maxShards       = 64
	maxReplicas     = 8
)

// names are those that an alias may have; a generation's number is put behind it.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

// ParseAddress reads where an index is:
// https://[user@]host[:port][,host[:port]…][/name][?shards=3&replicas=1].
func ParseAddress(address string) (o Options, err error) {
	bad := func(what string) (Options, error) {
		return Options{}, fmt.Errorf("the address of the search index: %s; it is written as https://user@host:9200/qianshao", what)
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "https" && scheme != "http" {
		return bad("it begins with neither https:// nor http://")
	}
	rest, query, _ := strings.Cut(rest, "?")
	hosts, name, _ := strings.Cut(rest, "/")
	user, hosts, ok := cutLast(hosts, "@")
	if !ok {
		user, hosts = "", user
	}
	if strings.Contains(user, ":") {
		return bad("a password in it would be seen by everyone on the machine; put it into a file, which is named apart from it")
	}
	if o.User, err = url.PathUnescape(user); err != nil {
		return bad("its user cannot be read")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		node, err := parseNode(scheme + "://" + host)
		if err != nil {
			return bad(fmt.Sprintf("%q is no host", host))
		}
		o.Nodes = append(o.Nodes, node.String())
	}
	if o.Name = strings.TrimSuffix(name, "/"); o.Name != "" && !names.MatchString(o.Name) {
		return bad(fmt.Sprintf("%q is no name of an index: letters in lower case, digits, - and _ are", o.Name))
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return bad("what stands behind its ? cannot be read")
	}
	for key, list := range values {
		n, err := strconv.Atoi(list[0])
		switch {
		case key == "shards" && err == nil && n > 0 && n <= maxShards:
			o.Shards = n
		case key == "replicas" && err == nil && n > 0 && n <= maxReplicas:
			o.Replicas = n
		case key == "shards":
			return bad(fmt.Sprintf("shards are 1 to %d", maxShards))
		case key == "replicas":
			return bad(fmt.Sprintf("replicas are 1 to %d", maxReplicas))
		default:
			return bad(fmt.Sprintf("there is no %q; shards and replicas are", key))
		}
	}
	return o, nil
}

// cutLast cuts around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// parseNode reads the address of one node.
func parseNode(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of a node of the search index: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the address of a node of the search index is %q; it is written as https://host:9200", u.Redacted())
	}
	if u.Port() == "" {
		u.Host += ":9200"
	}
	u.Path = ""
	return u, nil
}

func (o Options) name() string {
	if o.Name == "" {
		return DefaultName
	}
	return o.Name
}

// copies are as many as there are nodes for, up to Replicas.
func (o Options) copies() string { return fmt.Sprintf("0-%d", cmp.Or(o.Replicas, defaultReplicas)) }

func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return index.DefaultZone()
	}
	return o.Zone
}

// formatVersion changes whenever documents are built or cut into tokens differently, so
// that an older index is not searched with newer tokens.
const formatVersion = 1

func (o Options) signature() string {
	return index.Signature(fmt.Sprintf("qianshao opensearch %d", formatVersion), o.Fold, o.zone())
}
