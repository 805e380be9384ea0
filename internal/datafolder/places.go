package datafolder

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/qianshao/qianshao/store"
)

// place says where a process keeps a part that is beside the store, in the store's words. All who
// share the store must keep it in the same place.
func (o Options) place(part store.Part) (string, error) {
	switch evidence := o.Backends.Evidence; {
	case part == store.PartIndex && o.Backends.Index.Elsewhere():
		cluster, err := o.cluster()
		return "the cluster's index " + cluster.Name, err
	case part == store.PartEvidence && evidence.IsFolder():
		return filepath.Clean(evidence.Address), nil
	case part == store.PartEvidence && evidence.Elsewhere():
		u, err := url.Parse(evidence.Address)
		if err != nil {
			return "", inputError(errors.New("--evidence cannot be read"))
		}
		return fmt.Sprintf("%s://%s%s", u.Scheme, u.Host, u.Path), nil
	case !o.Backends.Store.Elsewhere():
		return "the data folder", nil
	}
	holder, err := Holder(o.Data) // there may be several folders
	return "the data folder with the holder " + holder, err
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
			return inputError(fmt.Errorf("the %s of this store is in %s, not in %s; name the same --%s everywhere; %s", part, holds, here, part, remedies[part]))
		}
	}
	return nil
}

// movePlace notes that a part is kept where the options say.
func (o Options) movePlace(ctx context.Context, db *Store, part store.Part) error {
	here, err := o.place(part)
	if err != nil {
		return err
	}
	_, err = db.SetPlace(ctx, part, here, true)
	return err
}
