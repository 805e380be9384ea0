package opensearchindex

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// Options of an index.
type Options struct {
	// Nodes are the addresses of the cluster's nodes, https://host:port each.
	Nodes []string
	// Name is the index's alias on the cluster; empty is DefaultName. It belongs to one store.
	Name string
	// Store is the id of that store, which is recorded in the index; the index of another store is refused.
	// Empty if stores have no id.
	Store string
	// User is the user's name, with the password in PasswordFile; empty if the cluster requires none.
	User, PasswordFile string
	// CA is a PEM file of certificates, one of which must have signed the nodes' certificates; empty means
	// those that the system trusts.
	CA string
	// Shards is the number of shards of a new index; 0 is 1.
	Shards int
	// Replicas is the maximum number of copies of each shard, as far as there are further nodes; 0 is 1.
	Replicas int
	// Fold normalises text, for indexing and for queries, one line at a time: case, width, traditional to
	// simplified, and so on. It must be a pure function, safe for concurrent use. Nil folds only case.
	Fold func(string) string
	// Zone is the zone in which days begin and end; nil is index.DefaultZone.
	Zone *time.Location
}

// DefaultName is the name of an index if none is given.
const DefaultName = "qianshao"

// Bounds of an address.
const (
	defaultShards   = 1
	defaultReplicas = 1
	maxShards       = 64
	maxReplicas     = 8
)

// names are the permitted names; a generation's number is appended to them.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

// ParseAddress reads the address of an index: the addresses of its nodes, the last followed by the index's
// name and settings: https://user@host:9200,https://user@host2:9200/name?shards=3&replicas=1. A node may
// leave out the part before the host if it is the same as the first's. The error contains no part that may
// be secret.
func ParseAddress(address string) (o Options, err error) {
	bad := func(what locales.Speaker) (Options, error) {
		return Options{}, locales.Errorf("cluster.address", what)
	}
	list := strings.Split(address, ",")
	front := address[:frontOf(address)]
	for i, one := range list {
		if !strings.Contains(one, "://") {
			one = front + one
		}
		u, err := url.Parse(one)
		if err != nil {
			return bad(locales.M("cluster.address.unreadable"))
		}
		if _, has := u.User.Password(); has {
			return bad(locales.M("cluster.address.password"))
		}
		if i > 0 && u.User.Username() != o.User {
			return bad(locales.M("cluster.address.users"))
		}
		o.User, u.User = u.User.Username(), nil
		if i == len(list)-1 {
			o.Name, u.Path = strings.Trim(u.Path, "/"), ""
			if wrong := o.readQuery(u.RawQuery); wrong.Key != "" {
				return bad(wrong)
			}
			u.RawQuery = ""
		}
		node, err := parseNode(u.String())
		if err != nil {
			return bad(locales.M("cluster.address.node"))
		}
		o.Nodes = append(o.Nodes, node.String())
	}
	if o.Name != "" && !names.MatchString(o.Name) {
		return bad(locales.M("cluster.address.name", o.Name))
	}
	return o, nil
}

// frontOf returns where the first host of an address begins, after its scheme and user.
func frontOf(address string) int {
	scheme := strings.Index(address, "://")
	if scheme < 0 {
		return 0
	}
	scheme += len("://")
	return scheme + 1 + strings.LastIndex(address[scheme:scheme+strings.IndexAny(address[scheme:]+",", ",/?")], "@")
}

// readQuery reads what an index is made with, and says what is wrong with it.
func (o *Options) readQuery(query string) (wrong locales.Message) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return locales.M("cluster.address.query")
	}
	numbers := []struct {
		name string
		most int
		to   *int
	}{{"shards", maxShards, &o.Shards}, {"replicas", maxReplicas, &o.Replicas}}
	for _, n := range numbers {
		if !values.Has(n.name) {
			continue
		}
		if *n.to, err = strconv.Atoi(values.Get(n.name)); err != nil || *n.to < 1 || *n.to > n.most {
			return locales.M("cluster.address.number", n.name, n.most)
		}
		values.Del(n.name)
	}
	for name := range values {
		return locales.M("cluster.address.unknown", name)
	}
	return wrong
}

// parseNode reads the address of one node.
func parseNode(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("a node of the search index must have the form https://host:9200")
	}
	if u.Port() == "" {
		u.Host += ":9200"
	}
	u.Path = ""
	return u, nil
}

func (o Options) name() string { return cmp.Or(o.Name, DefaultName) }

// copies is a range of copies, from 0 to Replicas, by the number of nodes.
func (o Options) copies() string { return fmt.Sprintf("0-%d", cmp.Or(o.Replicas, defaultReplicas)) }

func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return index.DefaultZone()
	}
	return o.Zone
}

// formatVersion changes whenever documents are built or tokenised differently, so that an older index is
// not searched with newer tokens.
const formatVersion = 1

func (o Options) signature() string {
	return index.Signature(fmt.Sprintf("qianshao opensearch %d", formatVersion), o.Fold, o.zone())
}
