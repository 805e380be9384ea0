package qianshao

import (
	"fmt"
	"slices"
	"strings"
)

// Category is a kind of crime. The list is closed: a rule of any other category does not load, so
// that nobody turns the system on opinions, persons or beliefs.
type Category string

const (
	Gambling        Category = "gambling"
	Fraud           Category = "fraud"
	Phishing        Category = "phishing"
	IllegalLending  Category = "illegal_lending"
	CardSIMTrade    Category = "card_sim_trade"
	MoneyLaundering Category = "money_laundering"
	ForgedDocuments Category = "forged_documents"
	InvoiceTrade    Category = "invoice_trade"
	// GreyMarket is the trade in accounts, click farming, verification codes and traffic.
	GreyMarket       Category = "grey_market"
	Pornography      Category = "pornography"
	Prostitution     Category = "prostitution"
	Drugs            Category = "drugs"
	Weapons          Category = "weapons"
	CounterfeitGoods Category = "counterfeit_goods"
)

// Categories returns all categories, in the order in which tables show them.
func Categories() []Category {
	return []Category{
		Gambling, Fraud, Phishing, IllegalLending, CardSIMTrade, MoneyLaundering,
		ForgedDocuments, InvoiceTrade, GreyMarket, Pornography, Prostitution,
		Drugs, Weapons, CounterfeitGoods,
	}
}

// ParseCategory returns the category named s, or an error that lists them all.
func ParseCategory(s string) (Category, error) {
	if c := Category(s); slices.Contains(Categories(), c) {
		return c, nil
	}
	names := make([]string, 0, len(Categories()))
	for _, c := range Categories() {
		names = append(names, string(c))
	}
	return "", fmt.Errorf("category %q is not on the closed list of crimes: %s", s, strings.Join(names, ", "))
}
