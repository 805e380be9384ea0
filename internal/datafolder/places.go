package datafolder

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/qianshao/qianshao/store"
)

// places says where a process keeps what is beside the store, in the store's words. All who share
// the store must keep it in the same places.
func (o Options) places() (map[store.Part]string, error) {
	here := "the data folder"
	if o.Backends.Store.Elsewhere() { // there may be several
		holder, err := Holder(o.Data)
		if err != nil {
			return nil, err
		}
		here += " with the holder " + holder
	}
	places := map[store.Part]string{store.PartIndex: here, store.PartEvidence: here}
	if o.Backends.Index.Elsewhere() {
		cluster, err := o.cluster()
		if err != nil {
			return nil, err
		}
		places[store.PartIndex] = "the cluster's index " + cluster.Name
	}
	if p := o.Backends.Evidence; p.IsFolder() {
		places[store.PartEvidence] = filepath.Clean(p.Address)
	} else if p.Elsewhere() {
		u, err := url.Parse(p.Address)
		if err != nil {
			return nil, inputError(errors.New("--evidence cannot be read"))
		}
		places[store.PartEvidence] = fmt.Sprintf("%s://%s%s", u.Scheme, u.Host, u.Path)
	}
	return places, nil
}

// remedies say how to move a part.
var remedies = map[store.Part]string{
	store.PartIndex:    `to move it there, run "qianshao reindex"`,
	store.PartEvidence: `if it was moved there, run "qianshao evidence verify --moved"`,
}

// keepPlaces refuses other places than those of whoever had the store open before. first says
// whether to note them where nobody had.
func (o Options) keepPlaces(ctx context.Context, db *Store, first bool, parts ...store.Part) error {
	migrating, err := db.Place(ctx, store.PartMigration)
	if err != nil {
		return err
	}
	if migrating != "" {
		return inputError(errors.New("a migration into this store has not come to its end; remove database, folder and bucket, and begin it anew"))
	}
	places, err := o.places()
	if err != nil {
		return err
	}
	for _, part := range parts {
		var holds string
		if first {
			holds, err = db.SetPlace(ctx, part, places[part], false)
		} else {
			holds, err = db.Place(ctx, part)
		}
		switch {
		case err != nil:
			return err
		case holds != "" && holds != places[part]:
			return inputError(fmt.Errorf("the %s of this store is in %s, not in %s; name the same --%s everywhere; %s", part, holds, places[part], part, remedies[part]))
		}
	}
	return nil
}

// movePlace notes that a part is kept where the options say.
func (o Options) movePlace(ctx context.Context, db *Store, part store.Part) error {
	places, err := o.places()
	if err != nil {
		return err
	}
	_, err = db.SetPlace(ctx, part, places[part], true)
	return err
}
