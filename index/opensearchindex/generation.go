package opensearchindex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// The index is an alias of a generation, an index of its own on the cluster. A rebuild fills the next one,
// and then the alias moves to it in one step; until then the former one is searched. A generation that is
// being filled has an alias of its own.

// filling is the suffix of that alias.
const filling = "-filling"

// first is the suffix of the first generation: processes that start at the same time create the same one.
const first = "-1"

// described is the cluster's description of a generation.
type described struct {
	Mappings struct {
		Meta struct {
			Signature string `json:"signature"`
			Store     string `json:"store"`
		} `json:"_meta"`
	} `json:"mappings"`
}

// open finds the generation in use, or creates the first.
func (x *Index) open(ctx context.Context, opts Options) error {
	for range 2 {
		var found map[string]described
		err := x.do(ctx, call{method: http.MethodGet, path: "/" + x.name, into: &found, patience: readPatience})
		switch {
		case hasStatus(err, http.StatusNotFound):
			if err := x.create(ctx, x.name+first, x.name, opts.definition()); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		return x.check(found, opts)
	}
	return locales.Errorf("cluster.no_alias", index.ErrRebuild, x.name+first, remedy)
}

// check says whether the index of that name is one of ours, in the form that this process writes.
func (x *Index) check(found map[string]described, opts Options) error {
	if err := x.ours(found, opts); err != nil {
		return err
	}
	if len(found) != 1 {
		return locales.Errorf("cluster.aliases", index.ErrRebuild, len(found), remedy)
	}
	for _, generation := range found {
		// An index without a store is from a version that did not record it.
		if meta := generation.Mappings.Meta; meta.Signature != opts.signature() || meta.Store != opts.Store {
			return locales.Errorf("cluster.another_version", index.ErrRebuild, remedy)
		}
	}
	return nil
}

// ours refuses an index of somebody else's with that name or alias: a rebuild would remove it.
func (x *Index) ours(found map[string]described, opts Options) error {
	for name, generation := range found {
		meta := generation.Mappings.Meta
		if name == x.name || meta.Signature == "" {
			return locales.Errorf("cluster.foreign", name)
		}
		if meta.Store != "" && meta.Store != opts.Store {
			return locales.Errorf("cluster.another_store", name)
		}
	}
	return nil
}

// Check returns an error if the cluster cannot be reached, or the name belongs to somebody else's index. It
// creates nothing.
func Check(ctx context.Context, opts Options) error {
	x, err := newIndex(ctx, opts)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.mayRebuild(ctx, opts); err != nil {
		return locales.Errorf("cluster.opening", x.name, x.nodes[0].Redacted(), err)
	}
	return nil
}

// mayRebuild returns an error if a rebuild would remove somebody else's index.
func (x *Index) mayRebuild(ctx context.Context, opts Options) error {
	var found map[string]described
	err := x.do(ctx, call{method: http.MethodGet, path: "/" + x.name + "," + x.name + filling + "?ignore_unavailable=true", into: &found, patience: writePatience})
	if err != nil && !hasStatus(err, http.StatusNotFound) {
		return err
	}
	return x.ours(found, opts)
}

// create creates a generation with an alias. It is no error if it already exists.
func (x *Index) create(ctx context.Context, generation, alias string, definition object) error {
	definition["aliases"] = object{alias: object{}}
	err := x.do(ctx, call{method: http.MethodPut, path: "/" + generation, body: definition, patience: writePatience})
	var answer *answerError
	if errors.As(err, &answer) && answer.Type == "resource_already_exists_exception" {
		return nil
	}
	return err
}

// behind returns the generations with an alias.
func (x *Index) behind(ctx context.Context, alias string) ([]string, error) {
	var found map[string]described
	err := x.do(ctx, call{method: http.MethodGet, path: "/_alias/" + alias, into: &found, patience: writePatience})
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	return slices.Sorted(maps.Keys(found)), err
}

// Rebuild creates a new generation of the index, has fill fill it, puts it into use and returns it. fill
// gets a different Index: what its Put writes cannot be found at once, and several goroutines may call it.
// Until Rebuild returns, the former generation is searched and written; after an interrupted rebuild it
// stays in use. The caller ensures that meanwhile nobody else writes anything that fill does not know of.
func Rebuild(ctx context.Context, opts Options, fill func(*Index) error) (*Index, error) {
	x, err := newIndex(ctx, opts)
	if err != nil {
		return nil, err
	}
	if err := x.rebuild(ctx, opts, fill); err != nil {
		x.close()
		return nil, locales.Errorf("cluster.rebuilding", x.name, x.nodes[0].Redacted(), err)
	}
	return x, nil
}

func (x *Index) rebuild(ctx context.Context, opts Options, fill func(*Index) error) error {
	if err := x.mayRebuild(ctx, opts); err != nil {
		return err
	}
	unfinished, err := x.behind(ctx, x.name+filling)
	if err != nil {
		return err
	}
	for _, generation := range unfinished {
		if err := x.do(ctx, call{method: http.MethodDelete, path: "/" + generation, patience: writePatience}); err != nil && !hasStatus(err, http.StatusNotFound) {
			return err
		}
	}
	generation := fmt.Sprintf("%s-%d", x.name, time.Now().UnixMilli())
	definition := opts.definition()
	maps.Copy(definition["settings"].(object)["index"].(object), whileFilling())
	if err := x.create(ctx, generation, x.name+filling, definition); err != nil {
		return err
	}
	next := &Index{client: x.client, fold: x.fold, zone: x.zone, name: x.name, target: x.name + filling, isFilling: true}
	if err := fill(next); err != nil {
		return err
	}
	if err := x.finish(ctx, generation, opts); err != nil {
		return err
	}
	return x.use(ctx, generation)
}

// whileFilling are the settings of a generation that nobody searches yet, and that is filled again if a
// node fails.
func whileFilling() object {
	return object{"refresh_interval": "-1", "auto_expand_replicas": "false", "number_of_replicas": 0, "translog.durability": "async"}
}

// copiesWait is how long a rebuild waits for the copies of what it has filled: less than answerTimeout, so
// that the cluster reports late copies before the client considers the cluster away.
const copiesWait = "30s"

// finish gives a filled generation its settings for use, and waits for the disks.
func (x *Index) finish(ctx context.Context, generation string, opts Options) error {
	settings := object{"index": object{"refresh_interval": nil, "translog.durability": nil, "auto_expand_replicas": opts.copies()}}
	err := x.do(ctx, call{method: http.MethodPut, path: "/" + generation + "/_settings", body: settings, patience: writePatience})
	for _, what := range []string{"/_flush", "/_refresh"} {
		if err == nil {
			err = x.everywhere(ctx, "/"+generation+what, answerTimeout)
		}
	}
	if err != nil {
		return err
	}
	err = x.do(ctx, call{method: http.MethodGet, path: "/_cluster/health/" + generation + "?wait_for_status=green&timeout=" + copiesWait, patience: writePatience})
	if hasStatus(err, http.StatusRequestTimeout) { // the copies will come later
		return nil
	}
	return err
}

// use moves the alias to a generation and removes the former one, in one step.
func (x *Index) use(ctx context.Context, generation string) error {
	former, err := x.behind(ctx, x.name)
	if err != nil {
		return err
	}
	actions := []object{
		{"add": object{"index": generation, "alias": x.name}},
		{"remove": object{"index": generation, "alias": x.name + filling, "must_exist": false}},
	}
	for _, old := range former {
		if old != generation {
			actions = append(actions, object{"remove_index": object{"index": old}})
		}
	}
	err = x.do(ctx, call{method: http.MethodPost, path: "/_aliases", body: object{"actions": actions}})
	if err == nil {
		return nil
	}
	// The call may have succeeded although its answer was lost. Repeating it is refused, since the former
	// generation is gone.
	if now, unknown := x.behind(ctx, x.name); unknown == nil && slices.Equal(now, []string{generation}) {
		return nil
	}
	return err
}
