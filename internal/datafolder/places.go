package datafolder

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// What the store records for the places of parts that have no address.
const (
	inFolder   = "the data folder"
	inFolderOf = "the data folder with the holder "
	onCluster  = "the cluster's index "
)

// said returns a place recorded in the store in words for people.
func said(place string) any {
	if place == inFolder {
		return locales.M("places.folder")
	}
	if holder, ok := strings.CutPrefix(place, inFolderOf); ok {
		return locales.M("places.folder_of", holder)
	}
	if name, ok := strings.CutPrefix(place, onCluster); ok {
		return locales.M("places.cluster", name)
	}
	return place
}

// place says where a process keeps a part that is not in the store, in the store's words. All
// processes that share the store must keep it in the same place.
func (o Options) place(part store.Part) (string, error) {
	switch evidence := o.Backends.Evidence; {
	case part == store.PartIndex && o.Backends.Index.Elsewhere():
		cluster, err := o.cluster()
		return onCluster + cluster.Name, err
	case part == store.PartEvidence && evidence.IsFolder():
		return filepath.Clean(evidence.Address), nil
	case part == store.PartEvidence && evidence.Elsewhere():
		u, err := url.Parse(evidence.Address)
		if err != nil {
			return "", bucket.CheckS3(evidence.Address) // which does not quote what may be a secret
		}
		return fmt.Sprintf("%s://%s%s", u.Scheme, u.Host, u.Path), nil
	case !o.Backends.Store.Elsewhere():
		return inFolder, nil
	}
	holder, err := Holder(o.Data) // there may be several folders
	return inFolderOf + holder, err
}

// storeID returns the store's id, by which indices and buckets on servers know their store. It is
// created on first use.
func storeID(ctx context.Context, db *Store) (string, error) {
	return db.SetPlace(ctx, store.PartStore, strings.ToLower(rand.Text()), false)
}

// remedies say how to move a part.
var remedies = map[store.Part]locales.Message{
	store.PartIndex:    locales.M("places.move.index"),
	store.PartEvidence: locales.M("places.move.evidence"),
}

// keepPlaces refuses places that differ from those recorded by processes that opened the store
// before. first says whether to record the places if none are recorded.
func (o Options) keepPlaces(ctx context.Context, db *Store, first bool, parts ...store.Part) error {
	migrating, err := db.Place(ctx, store.PartMigration)
	if err != nil {
		return err
	}
	if migrating != "" {
		return inputError(locales.Errorf("migrate.unfinished"))
	}
	for _, part := range parts {
		here, err := o.place(part)
		if err != nil {
			return err
		}
		var holds string
		if first {
			holds, err = db.SetPlace(ctx, part, here, false)
		} else {
			holds, err = db.Place(ctx, part)
		}
		switch {
		case err != nil:
			return err
		case holds != "" && holds != here:
			return o.misplaced(ctx, db, part, holds, here)
		}
	}
	if first {
		return o.noteCluster(ctx, db)
	}
	return nil
}

// misplaced returns the error for a part in a place that differs from the recorded one.
func (o Options) misplaced(ctx context.Context, db *Store, part store.Part, holds, here string) error {
	var others any = ""
	if part == store.PartIndex {
		address, err := db.Place(ctx, store.PartCluster)
		if err != nil {
			return err
		}
		if address != "" {
			others = locales.M("places.others", address)
		}
	}
	return inputError(locales.Errorf("places.misplaced", locales.M("places.part."+string(part)), said(holds), said(here), part, others, remedies[part]))
}

// noteCluster records the address of the index if it is on a cluster.
func (o Options) noteCluster(ctx context.Context, db *Store) error {
	address := ""
	if o.Backends.Index.Elsewhere() {
		cluster, err := o.cluster()
		if err != nil {
			return err
		}
		address = strings.Join(cluster.Nodes, ",") + "/" + cluster.Name
	}
	_, err := db.SetPlace(ctx, store.PartCluster, address, true)
	return err
}

// movePlace records that a part is now at the place in the options.
func (o Options) movePlace(ctx context.Context, db *Store, part store.Part) error {
	here, err := o.place(part)
	if err != nil {
		return err
	}
	if _, err = db.SetPlace(ctx, part, here, true); err == nil && part == store.PartIndex {
		err = o.noteCluster(ctx, db)
	}
	return err
}
