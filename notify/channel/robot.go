package channel

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/notify"
)

// sendRobot sends a message to the robot of a group.
func (s *Sender) sendRobot(ctx context.Context, c *notify.Channel, m *notify.Message) error {
	if err := s.rates.take(c, s.opts.Now()); err != nil {
		return err
	}
	address, content, at := c.Address, say(c, m), s.opts.Now()
	var body []byte
	switch c.Kind {
	case notify.DingTalk:
		address, body = dingTalkURL(c, at), dingTalkBody(content)
	case notify.WeCom:
		body = weComBody(content)
	case notify.Feishu:
		body = feishuBody(content, c.Secret, at)
	}
	a, err := s.post(ctx, c, address, nil, body)
	if err != nil {
		return err
	}
	return robotAnswer(c.Kind, a)
}

// codes are the meanings of the numbers in a service's answers.
type codes struct {
	final []int // the robot is gone, or refuses the message for good
	rate  []int // too many messages
	wait  time.Duration
}

func codesOf(k notify.Kind) codes {
	switch k {
	case notify.DingTalk:
		// https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages; too many messages
		// block the robot for ten minutes.
		return codes{
			final: []int{
				40035, 43004, // not a message in their format
				300001, 300005, 400101, 400102, 400105, 400106, 400013, // the token, robot or group is gone
				310000,                         // keyword, signature or address, by the robot's security settings
				430101, 430102, 430103, 430104, // refused by their content filter
				460101, 101002, // too long
			},
			rate: []int{130101, 410100}, wait: 10 * time.Minute,
		}
	case notify.WeCom:
		// https://developer.work.weixin.qq.com/document/path/90455
		return codes{final: []int{40008, 40033, 40035, 40058, 93000}, rate: []int{45009}, wait: time.Minute}
	}
	// Feishu: https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN and
	// https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control
	return codes{final: []int{9499, 19001, 19002, 19021, 19022, 19024}, rate: []int{11232, 99991400}, wait: time.Minute}
}

// robotAnswer says whether a robot has accepted a message: its service answers 200 and a number.
func robotAnswer(k notify.Kind, a answer) error {
	var said struct {
		ErrCode, Code, StatusCode *int
		ErrMsg, Msg               string
	}
	number := (*int)(nil)
	if json.Unmarshal(a.body, &said) == nil {
		number = cmp.Or(said.ErrCode, said.Code, said.StatusCode)
	}
	switch {
	case number == nil && a.status/100 == 2:
		return &notify.SendError{Text: fmt.Sprintf("the robot answered %d and nothing that %s says; is this its address?", a.status, k), Fault: notify.NewFault(notify.FaultNoRobot, a.status)}
	case number == nil:
		return a.refused()
	case *number == 0 && a.status/100 == 2:
		return nil
	case *number == 0:
		return a.refused()
	}
	codes := codesOf(k)
	words := untrusted.Plain(cmp.Or(said.ErrMsg, said.Msg))
	e := &notify.SendError{
		Text: fmt.Sprintf("%s answered %d: %s", k, *number, words), Fault: notify.NewFault(notify.FaultRobot, *number, words),
		Final: slices.Contains(codes.final, *number), After: a.after,
	}
	if slices.Contains(codes.rate, *number) {
		e.After = max(a.after, codes.wait)
	}
	return e
}

// sign returns the HMAC-SHA256 of text, in the form that DingTalk and Feishu use.
func sign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
