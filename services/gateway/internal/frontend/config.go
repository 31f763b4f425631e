package frontend

import (
	"context"

	"google.golang.org/protobuf/proto"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
)

type configServer struct {
	frontendv1.UnimplementedConfigServiceServer
	base      *frontendv1.Config
	directory *directory
}

// GetConfig answers with the settings and with the number that people may dial now.
func (s *configServer) GetConfig(ctx context.Context, _ *frontendv1.GetConfigRequest) (*frontendv1.GetConfigResponse, error) {
	config := proto.CloneOf(s.base)
	config.Telephony = &frontendv1.TelephonyConfig{}
	if number := s.directory.first(ctx); number != nil {
		config.Telephony.Enabled = true
		config.Telephony.DefaultCountry = &number.Country
		config.Telephony.InternationalPhoneNumber = &number.Display
	}
	return &frontendv1.GetConfigResponse{Config: config}, nil
}
